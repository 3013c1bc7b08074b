/** How processes share one worker: states, outstanding work, fairness, idleness. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type TestApplication, withApplication } from "../application.ts";

const SIMULATED = { simulated: true };

function project(entries: string): string {
  return `version: "1.0"
namespace: app
entries:
  - name: host
    kind: process.host
    lifecycle: {auto_start: true}
${entries}`;
}

function entry(name: string, source: string, modules = "time"): string {
  const lines = source.trim().split("\n").map((line) => `      ${line}`).join("\n");
  return `  - name: ${name}
    kind: process.lua
    method: main
    modules: [${modules}]
    source: |
${lines}
`;
}

function stateOf(app: TestApplication, pid: string): string | undefined {
  return app.application.runtime.processes().find((process) => process.pid === pid)?.state;
}

function printed(app: TestApplication): string[] {
  return app.logs.filter(({ fields }) => fields["pid"] !== undefined).map(({ message }) => message);
}

test("a process is ready until it runs, blocked while a command is out, idle while it waits for messages, then gone [scheduler.states]", async () => {
  await withApplication(
    project(
      entry(
        "code",
        `
return { main = function()
  time.sleep("50ms")
  process.inbox():receive()
  while true do
    if process.listen("stop"):receive() then return "done" end
  end
end }`,
      ) + entry("busy", `return { main = function() while true do end end }`),
    ),
    async (app) => {
      const { runtime } = app.application;
      const { clock } = app.world!;
      const pid = runtime.spawn("app:code", "app:host");
      assert.equal(stateOf(app, pid), "ready");
      await clock.settle();
      assert.equal(stateOf(app, pid), "blocked");
      await clock.advance(50);
      assert.equal(stateOf(app, pid), "idle");
      runtime.send(pid, "any", []);
      assert.equal(stateOf(app, pid), "ready");
      await clock.settle();
      assert.equal(stateOf(app, pid), "idle");
      runtime.send(pid, "stop", [true]);
      await clock.settle();
      assert.equal(stateOf(app, pid), undefined);
      const busy = runtime.spawn("app:busy", "app:host");
      runtime.slices.runNow();
      assert.equal(stateOf(app, busy), "ready");
      runtime.terminate(busy);
      await clock.settle();
      assert.equal(stateOf(app, busy), undefined);
    },
    SIMULATED,
  );
});

test("many commands of one process are out at once, and each gets its own answer, in any order [scheduler.yield-tags] [scheduler.step]", async () => {
  await withApplication(
    project(
      entry(
        "code",
        `
return { main = function()
  local done = channel.new(100)
  for i = 1, 50 do
    coroutine.spawn(function()
      local ms = (i * 37) % 50
      time.sleep(ms .. "ms")
      local answer = funcs.call("app:double", i)
      done:send({ i = i, ms = ms, answer = answer })
    end)
  end
  local last = -1
  for _ = 1, 50 do
    local r = done:receive()
    assert(r.answer == 2 * r.i)
    assert(r.ms > last)
    last = r.ms
  end
  print("all", last)
end }`,
        "time, funcs",
      ) + `  - name: double
    kind: function.lua
    method: main
    source: |
      return { main = function(n) return 2 * n end }
`,
    ),
    async (app) => {
      app.application.runtime.spawn("app:code", "app:host");
      await app.world!.clock.run();
      assert.deepEqual(printed(app), ["all 49"]);
      assert.equal(app.world!.clock.elapsedMs, 49);
    },
    SIMULATED,
  );
});

test("ready processes run in turn: busy ones hold up nobody", async () => {
  await withApplication(
    project(
      entry("busy", `return { main = function() while true do end end }`) +
        entry(
          "counts",
          `
return { main = function(name)
  for i = 1, 3 do
    print(name, i)
    process.send(process.pid(), "again")
    process.inbox():receive()
  end
end }`,
        ),
    ),
    async (app) => {
      const { runtime } = app.application;
      const busy = [1, 2, 3].map(() => runtime.spawn("app:busy", "app:host"));
      for (const name of ["a", "b"]) runtime.spawn("app:counts", "app:host", { args: [name] });
      for (let slice = 0; slice < 20 && printed(app).length < 6; slice += 1) runtime.slices.runNow();
      assert.deepEqual(printed(app).toSorted(), ["a 1", "a 2", "a 3", "b 1", "b 2", "b 3"]);
      for (const pid of busy) assert.equal(stateOf(app, pid), "ready");
      for (const pid of busy) runtime.terminate(pid);
    },
    SIMULATED,
  );
});

test("a process that only waits costs nothing: without work no slice runs and no timer is set", async () => {
  await withApplication(
    project(entry("waits", `return { main = function() process.inbox():receive() end }`)),
    async (app) => {
      const { runtime } = app.application;
      const { clock } = app.world!;
      const pids = Array.from({ length: 100 }, () => runtime.spawn("app:waits", "app:host"));
      await clock.settle();
      let slices = 0;
      const run = runtime.universe.run.bind(runtime.universe);
      runtime.universe.run = (turns, sliceMs) => {
        slices += 1;
        return run(turns, sliceMs);
      };
      await clock.advance(60_000);
      assert.equal(slices, 0);
      runtime.send(pids[0]!, "wake", []);
      await clock.settle();
      assert.ok(slices > 0);
      assert.equal(runtime.processes().length, 99);
    },
    SIMULATED,
  );
});

test("a message that arrives while its receiver runs is not lost [scheduler.lost-wakeup]", async () => {
  await withApplication(
    project(
      entry(
        "receiver",
        `
return { main = function(count)
  local inbox = process.inbox()
  local sum = 0
  for _ = 1, count do
    sum = sum + inbox:receive():payload():data()
    local x = 0
    for i = 1, 500 do x = x + i end
  end
  print("sum", sum)
end }`,
      ) + entry(
        "sender",
        `
return { main = function(to, count)
  for i = 1, count do process.send(to, "n", i) end
end }`,
      ),
    ),
    async (app) => {
      const { runtime } = app.application;
      const to = runtime.spawn("app:receiver", "app:host", { args: [3_000] });
      for (let i = 0; i < 3; i += 1) runtime.spawn("app:sender", "app:host", { args: [to, 1_000] });
      await app.world!.clock.run();
      assert.deepEqual(printed(app), [`sum ${3 * 500_500}`]);
    },
    { simulated: true, budget: 13 },
  );
});

test("a name and a pid reach the same process, wherever a destination is taken [relay.transparent]", async () => {
  await withApplication(
    project(
      entry(
        "named",
        `
return { main = function()
  process.registry.register("service.by.name")
  local inbox = process.inbox()
  for _ = 1, 3 do print(inbox:receive():topic()) end
end }`,
      ) + entry(
        "client",
        `
return { main = function(pid)
  process.send("service.by.name", "by name")
  process.send(process.registry.lookup("service.by.name"), "by looked up pid")
  process.send(pid, "by pid")
end }`,
      ),
    ),
    async (app) => {
      const { runtime } = app.application;
      const pid = runtime.spawn("app:named", "app:host");
      await app.world!.clock.settle();
      runtime.spawn("app:client", "app:host", { args: [pid] });
      await app.world!.clock.settle();
      assert.deepEqual(printed(app), ["by name", "by looked up pid", "by pid"]);
    },
    SIMULATED,
  );
});
