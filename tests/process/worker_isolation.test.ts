/** Attacks across workers: what one process does must not reach another but by messages. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../../src/core/mod.ts";
import { withApplication } from "../application.ts";
import { code, CPUS, fn, HOST, LONG, run } from "./worker_project.ts";

test("pids that were made up reach nobody, whatever worker they name", LONG, () =>
  withApplication(
    HOST + fn("idle", `process.inbox():receive()`) +
      code(
        "forger",
        `
        local seen = {}
        -- A function call of this worker, which is alive while it waits.
        local future = assert(funcs.async("app:idle"))
        for _, id in ipairs({ "0x00fff", "0x10000000001", "0x10000000002", "0x20000000001", "0x1fffffffffffff" }) do
          local pid = "{app:host|" .. id .. "}"
          process.send(pid, "forged", true)
          local _, err = process.monitor(pid)
          seen[#seen + 1] = err and err:message() or "monitored"
          local _, gone = process.terminate(pid)
          seen[#seen + 1] = gone and gone:message() or "terminated"
        end
        local _, unknown = process.send("{app:host|0x00fff}", "forged", true)
        local answer = channel.select({ future:channel():case_receive(), time.after("50ms"):case_receive() })
        future:cancel()
        return { seen = seen, unknown = unknown and unknown:kind(), answered = answer.channel == future:channel() }`,
        "funcs, time",
      ),
    async (app) => {
      const { answered, seen, unknown } = await run(app, "app:forger") as { [key: string]: Value };
      assert.equal(unknown, "NotFound");
      assert.equal(answered, false, "a call took a message that was not for it");
      for (const text of seen as string[]) assert.match(text, /not registered|not found/);
      assert.equal((seen as string[]).length, 10);
    },
    CPUS,
  ));

test(
  "what has no form outside its process arrives as nil; tables, errors and metatables arrive as copies",
  LONG,
  () =>
    withApplication(
      HOST +
        code(
          "taker",
          `
        local from = ...
        process.send(from, "ready", process.pid())
        local value = process.inbox():receive():payload():data()
        local times, fns, channels = value.time, value.fn, value.channel
        value.own.list[1] = "changed"
        return { tostring(times), tostring(fns), tostring(channels), value.err:kind(), value.own.list[1] }`,
        ) +
        fn(
          "giver",
          `
        local pid = assert(process.spawn_monitored("app:taker", "app:host", process.pid()))
        process.listen("ready"):receive()
        local own = { list = { "mine" } }
        process.send(pid, "v", {
          own = own, time = time.now(), fn = print, channel = channel.new(1),
          err = errors.new({ message = "x", kind = errors.CONFLICT }),
        })
        local event = process.events():receive()
        return { own.list[1], tostring(event.result.error), event.result.value }`,
          "time",
        ),
      async (app) => {
        app.application.runtime.board!.mainTakes = false;
        assert.deepEqual(await app.call("app:giver"), [
          "mine",
          "nil",
          ["nil", "nil", "nil", "Conflict", "changed"],
        ]);
      },
      CPUS,
    ),
);

test(
  "globals and state of modules stay in their process, also when it is one of many on another worker",
  LONG,
  () =>
    withApplication(
      HOST +
        code(
          "attacker",
          `
        leaked = "leaked"
        local frozen = pcall(function() json.encode = nil end)
        local meta = pcall(function() getmetatable("").__index.upper = function() return "hacked" end end)
        _G.print = nil
        return { frozen, meta }`,
          "json",
        ) + code("victim", `return { leaked == nil, type(json.encode), ("a"):upper(), type(print) }`, "json"),
      async (app) => {
        for (let i = 0; i < 5; i++) {
          const [frozen, meta] = await run(app, "app:attacker") as Value[];
          assert.deepEqual([frozen, meta], [false, false]);
          assert.deepEqual(await run(app, "app:victim"), [true, "function", "A", "function"]);
        }
      },
      CPUS,
    ),
);

test(
  "a process that is flooded before it begins ends like one that is flooded while it runs",
  LONG,
  () =>
    withApplication(
      HOST + code("late", `process.inbox():receive()`) +
        fn(
          "flood",
          `
        local pid = assert(process.spawn_monitored("app:late", "app:host"))
        local text = string.rep("x", 4000000)
        for _ = 1, 80 do process.send(pid, "flood", text) end
        local event = process.events():receive()
        return event.result.error:message()`,
        ),
      async (app) => {
        app.application.runtime.board!.mainTakes = false;
        assert.match(String(await app.call("app:flood")), /memory/);
      },
      { ...CPUS, threads: () => ({ start: () => ({ post() {}, terminate() {} }) }) },
    ),
);
