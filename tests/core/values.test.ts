/** Values on their way between Lua and everything else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { withApplication } from "../application.ts";
import { entry, failureOf, HEAD, main } from "../lua_entries.ts";

const SIMULATED = { simulated: true };

test("unsigned values above the signed range fail, wherever they come from [payload.uint]", () =>
  withApplication(
    HEAD + entry("same", "function.lua", main(`return (...)`), "method: main"),
    async (app) => {
      assert.equal(await app.call("app:same", 2n ** 63n - 1n), 2n ** 63n - 1n);
      assert.equal(await app.call("app:same", -(2n ** 63n)), -(2n ** 63n));
      for (const value of [2n ** 63n, { deep: [2n ** 64n - 1n] }, -(2n ** 63n) - 1n] as Value[]) {
        const failure = await failureOf(app.call("app:same", value));
        assert.equal(failure.kind, "Invalid");
        assert.match(failure.message, /^-?\d+ overflows lua integer$/);
      }
    },
    SIMULATED,
  ));

test("a table with any positive integer key becomes a list, any other a map with text keys [lua.table-to-native]", () =>
  withApplication(
    HEAD + entry(
      "store",
      "function.lua",
      main(`
local changes = registry.snapshot():changes()
changes:create({ id = "app:made", kind = "registry.entry", meta = {}, data = {
  list = { 1, 2, 3 },
  mixed = { "a", "b", lost = "text key" },
  holes = { [3] = "c" },
  map = { a = 1, b = { "x" } },
  keys = { [-1] = "minus", [0] = "zero", [true] = "yes", [1.5] = "half", text = "t" },
  deep = { { { k = { 1, lost = 2 } } } },
} })
return changes:apply() ~= nil`),
      "method: main\nmodules: [registry]",
    ) + entry(
      "sparse",
      "function.lua",
      main(`
local changes = registry.snapshot():changes()
local _, err = changes:create({ id = "app:sparse", kind = "registry.entry", meta = {}, data = { huge = { [1000000000] = 1 } } })
return err and err:message()`),
      "method: main\nmodules: [registry]",
    ),
    async (app) => {
      assert.equal(await app.call("app:store"), true);
      assert.deepEqual(app.application.registry.get("app:made")!.data, {
        list: [1, 2, 3],
        mixed: ["a", "b"],
        holes: [null, null, "c"],
        map: { a: 1, b: ["x"] },
        keys: { "-1": "minus", "0": "zero", "true": "yes", "1.5": "half", text: "t" },
        deep: [[{ k: [1] }]],
      });
      assert.match(String(await app.call("app:sparse")), /too many holes/);
    },
    SIMULATED,
  ));

test("times that reach Lua through payloads and events are whole Unix seconds [time.epoch-payload]", () =>
  withApplication(
    HEAD +
      entry(
        "f",
        "function.lua",
        main(`
local logs = assert(events.subscribe("logs", "logs.entry"))
events.send("logs", "logs.config.set", "test", { stream_to_events = true })
time.sleep("1ms")
logger:warn("noted")
local logged = logs:channel():receive().data.time
logs:close()
process.spawn_monitored("app:ends", "app:host")
local at = process.events():receive().at
return { logged = logged, at = at, now = os.time(), types = math.type(logged) .. math.type(at) }`),
        "method: main\nmodules: [events, logger, time]",
      ) + entry("ends", "process.lua", main(`return 1`), "method: main"),
    async (app) => {
      const { logged, at, now, types } = await app.call("app:f") as ValueMap;
      assert.deepEqual([logged, at, types], [now, now, "integerinteger"]);
    },
    SIMULATED,
  ));
