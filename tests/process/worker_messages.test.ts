/** Messages between workers: their order, wherever a process begins and moves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../../src/core/mod.ts";
import { withApplication } from "../application.ts";
import { code, CPUS, fn, HOST, LONG, run } from "./worker_project.ts";

test("messages between workers keep their order, whatever their size and number", LONG, () =>
  withApplication(
    HOST +
      code(
        "counter",
        `
        local from, total = ...
        local inbox, expected, bytes = process.inbox(), 1, 0
        process.send(from, "ready", process.pid())
        while expected <= total do
          local value = inbox:receive():payload():data()
          assert(value.i == expected, "message " .. value.i .. " in place of " .. expected)
          bytes = bytes + #value.text
          expected = expected + 1
        end
        return bytes`,
      ) +
      code(
        "sender",
        `
        local to, total = ...
        local bytes = 0
        for i = 1, total do
          local text = string.rep("x", i % 100 == 0 and 3000000 or i % 50)
          bytes = bytes + #text
          assert(process.send(to, "n", { i = i, text = text }))
        end
        return bytes`,
      ) +
      fn(
        "down",
        `
        local sent = {}
        local pid = assert(process.spawn_monitored("app:counter", "app:host", process.pid(), 500))
        process.listen("ready"):receive()
        local bytes = 0
        for i = 1, 500 do
          local text = string.rep("y", i % 100 == 0 and 3000000 or i % 50)
          bytes = bytes + #text
          assert(process.send(pid, "n", { i = i, text = text }))
        end
        local event = process.events():receive()
        return { bytes, event.result.value, tostring(event.result.error) }`,
      ) +
      fn(
        "up",
        `
        local pid = assert(process.spawn_monitored("app:sender", "app:host", process.pid(), 500))
        local inbox, bytes = process.inbox(), 0
        for i = 1, 500 do
          local value = inbox:receive():payload():data()
          assert(value.i == i)
          bytes = bytes + #value.text
        end
        local event = process.events():receive()
        return { bytes, event.result.value, tostring(event.result.error) }`,
      ),
    async (app) => {
      app.application.runtime.board!.mainTakes = false;
      for (const target of ["app:down", "app:up"]) {
        const [sent, received, error] = await app.call(target) as Value[];
        assert.equal(error, "nil", target);
        assert.equal(sent, received, target);
      }
    },
    CPUS,
  ));

test(
  "a message that was sent before its target began on the sender's own worker stays before later ones",
  LONG,
  () =>
    withApplication(
      HOST +
        code(
          "child",
          `
        local inbox, seen = process.inbox(), {}
        for i = 1, 40 do seen[i] = inbox:receive():payload():data() end
        return seen`,
        ) +
        code(
          "parent",
          `
        local pids = {}
        for i = 1, 20 do pids[i] = assert(process.spawn_monitored("app:child", "app:host")) end
        for n = 1, 40 do
          for _, pid in ipairs(pids) do process.send(pid, "n", n) end
          if n % 7 == 0 then time.sleep("1ms") end
        end
        for _ = 1, #pids do
          local event = process.events():receive()
          assert(event.result.error == nil, tostring(event.result.error))
          for n = 1, 40 do assert(event.result.value[n] == n, "message " .. event.result.value[n] .. " at " .. n) end
        end
        return "in order"`,
          "time",
        ),
      async (app) => assert.equal(await run(app, "app:parent"), "in order"),
      CPUS,
    ),
);

test(
  "a process that upgrades to code which only the main worker can run goes on there, with its pid and all messages in order",
  LONG,
  () =>
    withApplication(
      HOST + `  - { name: cache, kind: store.memory, lifecycle: { auto_start: true } }\n` +
        code(
          "light",
          `
        local watcher = ...
        process.registry.register("mover")
        process.send(watcher, "ready", process.pid())
        process.listen("go"):receive()
        process.upgrade("app:heavy", watcher, process.pid())`,
        ) +
        code(
          "heavy",
          `
        local watcher, before = ...
        assert(process.pid() == before and process.registry.lookup("mover") == before)
        local cache = assert(store.get("app:cache"))
        local numbers = process.listen("n")
        for i = 1, 400 do
          local n = numbers:receive()
          assert(n == i, n .. " in place of " .. i)
        end
        cache:set("done", true)
        return cache:get("done")`,
          "store",
        ) +
        code(
          "sender",
          `
        local pid = assert(process.spawn_monitored("app:light", "app:host", process.pid()))
        process.listen("ready"):receive()
        for i = 1, 100 do process.send(pid, "n", i) end
        process.send(pid, "go", true)
        for i = 101, 400 do
          process.send(pid, "n", i)
          if i % 50 == 0 then time.sleep("1ms") end
        end
        local event = process.events():receive()
        return { event.from == pid, event.result.value, tostring(event.result.error) }`,
          "time",
        ),
      async (app) => {
        assert.deepEqual(await run(app, "app:sender"), [true, true, "nil"]);
        const native = await new Promise<Value>((resolve) => {
          const { runtime } = app.application;
          const watcher = runtime.openNative("app:host", {
            message: (_topic, [pid]) => {
              for (let i = 1; i <= 100; i++) runtime.send(String(pid), "n", [i]);
              runtime.send(String(pid), "go", [true]);
              for (let i = 101; i <= 400; i++) runtime.send(String(pid), "n", [i]);
            },
            event: () => {},
          });
          runtime.spawn("app:light", "app:host", {
            args: [watcher.pid],
            onExit: ({ failure, value }) => resolve(failure === null ? value : failure.message),
          });
        });
        assert.equal(native, true);
      },
      CPUS,
    ),
);
