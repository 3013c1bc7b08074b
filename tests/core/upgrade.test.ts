/** Live code: what happens to functions and processes when their code changes in the registry. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../application.ts";

const APP = `version: "1.0"
namespace: app
entries:
  - { name: host, kind: process.host, lifecycle: { auto_start: true, stop_timeout: 50ms } }
  - name: words
    kind: library.lua
    source: |
      return { greet = function() return "hello" end }
  - name: middle
    kind: library.lua
    imports: { words: words }
    source: |
      return { greet = function() return words.greet() .. "!" end }
  - name: say
    kind: function.lua
    method: main
    imports: { m: middle }
    source: |
      return { main = function() return m.greet() end }
  - name: slow
    kind: function.lua
    method: main
    modules: [time]
    source: |
      return { main = function() time.sleep("30ms") return "old" end }
  - name: server
    kind: process.lua
    method: main
    imports: { m: middle }
    source: |
      return { main = function(version, state)
        process.set_options({ upgradable = true })
        local inbox, events = process.inbox(), process.events()
        local n = state or 0
        while true do
          local r = channel.select({ events:case_receive(), inbox:case_receive() })
          if r.channel == events then
            print("event", r.value.kind, table.concat(r.value.sources or {}, " "))
          else
            local m = r.value
            if m:topic() == "upgrade" then process.upgrade(m:payload() and m:payload():data() or nil, "upgraded", n) end
            n = n + 1
            process.send(m:from(), "answer", { version = version, n = n, text = m.payload and m:topic() == "ask" and "asked" or "", greet = "v1" })
          end
        end
      end }
  - name: other
    kind: process.lua
    method: main
    source: |
      return { main = function(version, state)
        local inbox = process.inbox()
        while true do process.send(inbox:receive():from(), "answer", { version = version, n = state, greet = "other" }) end
      end }
  - name: start
    kind: function.lua
    method: main
    source: |
      return { main = function() return process.spawn("app:server", "app:host", "first") end }
  - name: tell
    kind: function.lua
    method: main
    source: |
      return { main = function(pid, topic, value) return process.send(pid, topic, value) end }
  - name: ask
    kind: function.lua
    method: main
    source: |
      return { main = function(pid)
        local answers = process.listen("answer")
        assert(process.send(pid, "ask"))
        return (answers:receive())
      end }
  - name: watch_upgrade
    kind: function.lua
    method: main
    source: |
      return { main = function(pid, target)
        process.monitor(pid)
        process.send(pid, "upgrade", target)
        local event = process.events():receive()
        return event.result.error:message()
      end }
`;

async function change(app: TestApplication, id: string, from: string, to: string): Promise<void> {
  const { registry } = app.application;
  const entry = registry.get(id)!;
  const source = String(entry.data["source"]).replace(from, to);
  assert.notEqual(source, entry.data["source"]);
  await registry.apply([{ kind: "entry.update", entry: { ...entry, data: { ...entry.data, source } } }]);
}

async function ask(app: TestApplication, pid: Value): Promise<Record<string, Value>> {
  return await app.call("app:ask", pid) as Record<string, Value>;
}

test("the next call uses the new code, also of imports of imports", async () => {
  await withApplication(APP, async (app) => {
    assert.equal(await app.call("app:say"), "hello!");
    await change(app, "app:words", `"hello"`, `"goodbye"`);
    assert.equal(await app.call("app:say"), "goodbye!");
  });
});

test("a call in progress finishes on the code it began with", async () => {
  await withApplication(APP, async (app) => {
    const running = app.call("app:slow");
    await change(app, "app:slow", `"old"`, `"new"`);
    assert.deepEqual([await running, await app.call("app:slow")], ["old", "new"]);
  });
});

test("code that does not compile is refused and the running version stays", async () => {
  await withApplication(APP, async (app) => {
    await assert.rejects(change(app, "app:words", `"hello"`, `"hello`), /app:words:1/);
    assert.equal(await app.call("app:say"), "hello!");
  });
});

test("an upgradable process hears of changes in what it imports [process.upgradable, process.outdated, handler.outdated]", async () => {
  await withApplication(APP, async (app) => {
    const pid = await app.call("app:start");
    await ask(app, pid);
    await change(app, "app:words", `"hello"`, `"hi"`);
    const heard = () => app.logs.filter((log) => log.message.startsWith("event pid.outdated"));
    await app.until(() => heard().length === 1, "the event");
    const sources = heard()[0]!.message.split(" ").slice(2);
    assert.ok(
      sources.includes("app:words") && sources.includes("app:middle") && sources.includes("app:server"),
      sources.join(" "),
    );
  });
});

test("upgrade keeps pid and mailbox, carries state and runs the new code [process.upgrade, process.upgrade.id]", async () => {
  await withApplication(APP, async (app) => {
    const pid = await app.call("app:start");
    assert.equal((await ask(app, pid))["version"], "first");
    await change(app, "app:server", `greet = "v1"`, `greet = "v2"`);
    assert.equal((await ask(app, pid))["greet"], "v1", "a running process keeps its code");
    await app.call("app:tell", pid, "upgrade");
    await app.call("app:tell", pid, "late");
    const answer = await ask(app, pid);
    assert.equal(answer["version"], "upgraded");
    assert.equal(answer["greet"], "v2");
    assert.equal(answer["n"], 4, "the message sent before the upgrade ran must not be lost");
  });
});

test("upgrade may change to another definition", async () => {
  await withApplication(APP, async (app) => {
    const pid = await app.call("app:start");
    await app.call("app:tell", pid, "upgrade", "app:other");
    assert.equal((await ask(app, pid))["greet"], "other");
  });
});

test("a failed upgrade ends the process with the error [process.upgrade]", async () => {
  await withApplication(APP, async (app) => {
    const pid = await app.call("app:start");
    await ask(app, pid);
    assert.equal(await app.call("app:watch_upgrade", pid, "app:absent"), "factory not found");
  });
});

/** Processes that look at their events only when they are told to, and say what they saw. */
const LATE = `version: "1.0"
namespace: app
entries:
  - { name: host, kind: process.host, lifecycle: { auto_start: true, stop_timeout: 50ms } }
  - { name: one, kind: library.lua, source: "return { v = 1 }" }
  - { name: two, kind: library.lua, source: "return { v = 2 }" }
  - name: late
    kind: process.lua
    method: main
    imports: { one: one, two: two }
    source: |
      return { main = function(upgradable)
        process.set_options({ upgradable = upgradable })
        local look, events = process.listen("look"), process.events()
        while true do
          local to, count = look:receive(), 0
          local sources = {}
          while true do
            local r = channel.select({ events:case_receive(), default = true })
            if r.default then break end
            count = count + 1
            sources = r.value.sources
          end
          process.send(to, "saw", { count = count, sources = sources, v = one.v + two.v })
        end
      end }
  - name: look
    kind: function.lua
    method: main
    source: |
      return { main = function(pid)
        local saw = process.listen("saw")
        assert(process.send(pid, "look", process.pid()))
        return (saw:receive())
      end }
`;

test("changes that nobody has looked at yet are one event with all sources; who did not ask sees none [process.outdated] [process.upgradable]", () =>
  withApplication(LATE, async (app) => {
    const { runtime } = app.application;
    const asked = runtime.spawn("app:late", "app:host", { args: [true] });
    const silent = runtime.spawn("app:late", "app:host", { args: [false] });
    await app.world!.clock.settle();
    await change(app, "app:one", "v = 1", "v = 10");
    await change(app, "app:two", "v = 2", "v = 20");
    const look = (pid: string) =>
      app.call("app:look", pid) as Promise<{ count: number; sources: string[]; v: number }>;
    const saw = await look(asked);
    assert.equal(saw.count, 1);
    assert.deepEqual([...saw.sources].sort(), ["app:late", "app:one", "app:two"]);
    assert.equal(saw.v, 3, "the code stays as it is until the process upgrades");
    assert.equal((await look(silent)).count, 0);
    await change(app, "app:one", "v = 10", "v = 100");
    const again = await look(asked);
    assert.equal(again.count, 1);
    assert.deepEqual([...again.sources].sort(), ["app:late", "app:one"], "what was seen is not told again");
  }, { simulated: true }));

const RELATED = `version: "1.0"
namespace: app
entries:
  - { name: host, kind: process.host, lifecycle: { auto_start: true, stop_timeout: 50ms } }
  - name: server
    kind: process.lua
    method: main
    source: |
      return { main = function(state)
        local stop = process.listen("stop")
        if state == nil then
          process.registry.register("server")
          process.listen("upgrade"):receive()
          process.upgrade(nil, "upgraded")
        end
        error(state .. " " .. tostring(stop:receive()))
      end }
  - name: watch
    kind: function.lua
    method: main
    source: |
      return { main = function()
        process.set_options({ trap_links = true })
        local pid = process.spawn_linked_monitored("app:server", "app:host")
        process.send(pid, "stop", "as asked")
        process.send(pid, "upgrade")
        local seen = {}
        for _ = 1, 2 do
          local event = process.events():receive()
          seen[event.kind] = event.from == pid and event.result.error:message()
        end
        return { exit = seen[process.event.EXIT], down = seen[process.event.LINK_DOWN] }
      end }
`;

test("upgrade keeps name, links, monitors and unread messages [process.upgrade]", () =>
  withApplication(RELATED, async (app) => {
    const message = "app:server:8: upgraded as asked";
    assert.deepEqual(await app.call("app:watch"), { exit: message, down: message });
    assert.equal(
      app.application.runtime.names.lookup("server"),
      undefined,
      "the name goes with the process, not before",
    );
  }, { simulated: true }));
