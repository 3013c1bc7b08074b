/** Processes under supervision, as an application's entries describe them; on virtual time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type TestApplication, withApplication } from "../application.ts";

const HOST = `
  - name: host
    kind: process.host
    lifecycle: {auto_start: true}
`;

function project(entries: string): string {
  return `version: "1.0"\nnamespace: app\nentries:${HOST}${entries}`;
}

/** Messages that programs logged with print, in order. */
function printed(app: TestApplication): string[] {
  return app.logs.filter(({ fields }) => fields["pid"] !== undefined).map(({ message }) => message);
}

function lines(app: TestApplication, id: string): string[] {
  return app.logs.filter(({ message, level }) => level >= 0 && message.startsWith(`service ${id} is `))
    .map(({ message, fields }) =>
      `${message.slice(`service ${id} is `.length)} ${fields["error"] ?? ""}`.trim()
    );
}

const SIMULATED = { simulated: true };

test("a process.service runs its process with its input, and waits for its host [entry.process-service]", async () => {
  await withApplication(
    project(`
  - name: worker_code
    kind: process.lua
    method: main
    source: |
      return { main = function(a, b, c)
        print(a, b.x, c)
        process.inbox():receive()
      end }
  - name: worker
    kind: process.service
    process: worker_code
    host: app:host
    input: ["one", {x: 2}, 3.5]
    lifecycle: {auto_start: true}
  - name: idle
    kind: process.service
    process: app:worker_code
    host: app:host
`),
    async (app) => {
      await app.until(() => printed(app).length > 0, "the worker's line");
      assert.deepEqual(printed(app), ["one 2 3.5"]);
      const state = app.application.supervisor.state("app:worker")!;
      assert.equal(state.status, "running");
      assert.match(state.details, /^\{app:host\|0x[0-9a-f]{5}\}$/);
      assert.equal(app.application.supervisor.state("app:idle")?.status, "unknown");
    },
    SIMULATED,
  );
});

test("a process that fails is started again with growing delays, then runs [entry.service-restart] [life.failed-process]", async () => {
  await withApplication(
    project(`
  - name: flaky_code
    kind: process.lua
    method: main
    modules: [time]
    source: |
      return { main = function(counter)
        process.send("counter", "started", time.now():unix_nano() // 1000000)
        error("not yet")
      end }
  - name: counter_code
    kind: process.lua
    method: main
    source: |
      return { main = function()
        process.registry.register("counter")
        local started = process.listen("started")
        local last
        while true do
          local at = started:receive()
          if last then print("delay", at - last) end
          last = at
        end
      end }
  - name: counter
    kind: process.service
    process: app:counter_code
    host: app:host
    lifecycle: {auto_start: true}
  - name: flaky
    kind: process.service
    process: app:flaky_code
    host: app:host
    lifecycle:
      auto_start: true
      requires: [counter]
      restart: {initial_delay: 2s, jitter: 0, max_attempts: 3}
`),
    async (app) => {
      await app.world!.clock.run(60_000);
      assert.deepEqual(printed(app), ["delay 2000", "delay 4000", "delay 8000"]);
      const state = app.application.supervisor.state("app:flaky")!;
      assert.equal(state.status, "failed");
      assert.equal(state.retryCount, 3);
      assert.match(state.details, /^process failed: app:flaky_code:3: not yet/);
    },
    SIMULATED,
  );
});

test("a clean return ends the service for good, whatever the value [life.clean-exit]", async () => {
  await withApplication(
    project(`
  - name: once_code
    kind: process.lua
    method: main
    source: |
      return { main = function() return false end }
  - name: once
    kind: process.service
    process: app:once_code
    host: app:host
    lifecycle: {auto_start: true}
`),
    async (app) => {
      await app.world!.clock.run(60_000);
      assert.deepEqual(lines(app, "app:once"), ["running", "exited"]);
    },
    SIMULATED,
  );
});

test("an error marked as not retryable, and a termination, end the service [life.terminal]", async () => {
  await withApplication(
    project(`
  - name: final_code
    kind: process.lua
    method: main
    source: |
      return { main = function()
        return nil, errors.new({message = "bad input", kind = errors.INVALID, retryable = false})
      end }
  - name: final
    kind: process.service
    process: app:final_code
    host: app:host
    lifecycle: {auto_start: true}
  - name: waits_code
    kind: process.lua
    method: main
    source: |
      return { main = function() process.inbox():receive() end }
  - name: waits
    kind: process.service
    process: app:waits_code
    host: app:host
    lifecycle: {auto_start: true}
`),
    async (app) => {
      const { supervisor, runtime } = app.application;
      runtime.terminate(supervisor.state("app:waits")!.details);
      await app.world!.clock.run(60_000);
      assert.deepEqual(lines(app, "app:final"), ["running", "exited process failed: bad input"]);
      assert.deepEqual(lines(app, "app:waits"), ["running", "exited process failed: process terminated"]);
    },
    SIMULATED,
  );
});

const STUBBORN = project(`
  - name: polite_code
    kind: process.lua
    method: main
    modules: [time]
    source: |
      return { main = function()
        local event = process.events():receive()
        print(event.kind, event.reason)
        time.sleep("2s")
        print("bye")
      end }
  - name: polite
    kind: process.service
    process: app:polite_code
    host: app:host
    lifecycle: {auto_start: true, stop_timeout: 5s}
  - name: deaf_code
    kind: process.lua
    method: main
    source: |
      return { main = function() process.inbox():receive() end }
  - name: deaf
    kind: process.service
    process: app:deaf_code
    host: app:host
    lifecycle: {auto_start: true, stop_timeout: 5s}
`);

test("stopping sends CANCEL with the reason and waits up to stop_timeout, then ends by force [life.stop]", async () => {
  await withApplication(STUBBORN, async (app) => {
    const { supervisor, runtime } = app.application;
    const { clock } = app.world!;
    await supervisor.stop("app:polite");
    assert.deepEqual(printed(app), ["pid.cancel service stopping", "bye"]);
    assert.equal(clock.elapsedMs, 2_000);
    await supervisor.stop("app:deaf");
    assert.equal(clock.elapsedMs, 7_000);
    assert.equal(runtime.processes().length, 0);
    assert.deepEqual(lines(app, "app:deaf"), ["running", "stopped"]);
  }, SIMULATED);
});

test("a host that stops cancels its processes and then ends the rest [process.exit-event.host-stop] [scheduler.shutdown]", async () => {
  await withApplication(
    project(`
  - name: second_host
    kind: process.host
    lifecycle: {auto_start: true, stop_timeout: 3s}
  - name: watcher_code
    kind: process.lua
    method: main
    source: |
      return { main = function()
        for _, id in ipairs({ "app:polite_code", "app:deaf_code" }) do
          assert(process.spawn_monitored(id, "app:second_host"))
        end
        for _ = 1, 2 do
          local event = process.events():receive()
          local err = event.result.error
          print(event.kind, err and err:kind() .. " " .. err:message() or event.result.value)
        end
      end }
  - name: watcher
    kind: process.service
    process: app:watcher_code
    host: app:host
    lifecycle: {auto_start: true}
  - name: polite_code
    kind: process.lua
    method: main
    source: |
      return { main = function() return process.events():receive().kind end }
  - name: deaf_code
    kind: process.lua
    method: main
    source: |
      return { main = function() process.inbox():receive() end }
`),
    async (app) => {
      const { supervisor, runtime } = app.application;
      await app.until(() => runtime.processes().length === 3, "three processes");
      const startMs = app.world!.clock.elapsedMs;
      await supervisor.stop("app:second_host");
      assert.equal(app.world!.clock.elapsedMs - startMs, 3_000);
      await app.until(() => printed(app).length === 2, "both ends");
      assert.deepEqual(printed(app), ["pid.exit pid.cancel", "pid.exit Canceled context canceled"]);
      assert.throws(() => runtime.spawn("app:polite_code", "app:second_host"), {
        kind: "Unavailable",
        message: "host is not running",
      });
    },
    SIMULATED,
  );
});

test("requires and depends_on are united [life.requires-merge]", async () => {
  await withApplication(
    project(`
  - name: code
    kind: process.lua
    method: main
    modules: [time]
    source: |
      return { main = function(name)
        print(name)
        process.inbox():receive()
      end }
  - name: a_last
    kind: process.service
    process: app:code
    host: app:host
    input: [last]
    lifecycle: {auto_start: true, requires: [y_first], depends_on: [app:z_first]}
  - name: y_first
    kind: process.service
    process: app:code
    host: app:host
    input: [first]
  - name: z_first
    kind: process.service
    process: app:code
    host: app:host
    input: [first]
`),
    async (app) => {
      await app.until(() => printed(app).length === 3, "three lines");
      assert.deepEqual(printed(app), ["first", "first", "last"]);
      assert.deepEqual(
        app.application.supervisor.states().map(({ status }) => status),
        ["running", "running", "running", "running"],
      );
    },
    SIMULATED,
  );
});

test("a service runs as its actor with the policies and groups of its entry [life.security]", async () => {
  await withApplication(
    project(`
  - name: may_read
    kind: security.policy
    policy: {actions: read, resources: "*", effect: allow}
  - name: may_write
    kind: security.policy
    groups: [writers]
    policy: {actions: write, resources: "*", effect: allow}
  - name: code
    kind: process.lua
    method: main
    modules: [security]
    source: |
      return { main = function()
        local actor = security.actor()
        print(actor and actor:id() or "nobody", actor and actor:meta().role or "",
          security.can("read", "x"), security.can("write", "x"), security.can("delete", "x"))
      end }
  - name: known
    kind: process.service
    process: app:code
    host: app:host
    lifecycle:
      auto_start: true
      security:
        actor: {id: "service:known", meta: {role: admin}}
        policies: [may_read, app:no_such_policy]
        groups: [app:writers]
  - name: unknown
    kind: process.service
    process: app:code
    host: app:host
    lifecycle: {auto_start: true, requires: [known]}
`),
    async (app) => {
      await app.until(() => printed(app).length === 2, "two lines");
      assert.deepEqual(printed(app), [
        "service:known admin true true false",
        "nobody  false false false",
      ]);
    },
    SIMULATED,
  );
});

test("lifecycle on process.lua has no effect [kind.process.lifecycle]", async () => {
  await withApplication(
    project(`
  - name: code
    kind: process.lua
    method: main
    lifecycle: {auto_start: true}
    source: |
      return { main = function() print("ran") end }
`),
    async (app) => {
      await app.world!.clock.advance(10_000);
      assert.deepEqual(printed(app), []);
      assert.ok(
        app.logs.some(({ message }) => message.includes("a process.service that names it starts it")),
      );
      assert.equal(app.application.supervisor.state("app:code"), undefined);
    },
    SIMULATED,
  );
});
