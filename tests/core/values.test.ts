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

/** Lua that gives the data of the events that `body` causes, by kind, and what `body` returns as `own`. */
function dataOfEvents(body: string): string {
  return main(`
local subscription = assert(events.subscribe("(registry|supervisor|pg|logs)", "**"))
local function run()
${body}
end
local found = { own = run() }
time.sleep("1ms")
local channel_of = subscription:channel()
while true do
  local selected = channel.select({ channel_of:case_receive(), default = true })
  if selected.default then break end
  local event = selected.value
  found[event.kind .. " " .. tostring(event.path)] = event.data
end
subscription:close()
return found`);
}

test("records of the runtime reach Lua as tables with the names they have in JSON; absent maps are empty tables [payload.native-struct]", () =>
  withApplication(
    HEAD + "  - { name: groups, kind: pg.scope, lifecycle: { auto_start: true } }\n" +
      entry("idle", "process.lua", main(`process.inbox():receive()`), "method: main") +
      entry(
        "f",
        "function.lua",
        dataOfEvents(`
  events.send("logs", "logs.config.set", "test", { stream_to_events = true })
  time.sleep("1ms")
  local changes = registry.snapshot():changes()
  changes:create({ id = "app:idler", kind = "process.service", data = { process = "app:idle", host = "app:host",
    lifecycle = { auto_start = true } } })
  assert(changes:apply())
  local pid = assert(process.spawn_monitored("app:member", "app:host"))
  local exit = process.events():receive()
  assert(exit.from == pid and type(exit.from) == "string")
  local stored = registry.get("app:idler")
  return { kind = exit.kind, result = exit.result, meta = type(stored.meta), first = next(stored.meta), pid = pid }`),
        "method: main\nmodules: [events, registry, channel, time]",
      ) +
      entry(
        "member",
        "process.lua",
        main(`
local group = assert(pg.open("app:groups"))
assert(group:join("readers"))
return { text = "done" }`),
        "method: main\nmodules: [pg]",
      ),
    async (app) => {
      const found = await app.call("app:f") as Record<string, ValueMap>;
      assert.deepEqual(found["entry.create app:idler"], {
        id: "app:idler",
        kind: "process.service",
        meta: {},
        data: { process: "app:idle", host: "app:host", lifecycle: { auto_start: true } },
      });
      const { details } = found["service.update app:idler"]!;
      assert.match(String(details), /^\{app:host\|0x0*[0-9a-f]+\}$/);
      assert.deepEqual(found["service.update app:idler"], { status: "running", details });
      const { pid, ...own } = found["own"]!;
      assert.deepEqual(own, { kind: "pid.exit", result: { value: { text: "done" } }, meta: "table" });
      const told = (prefix: string): ValueMap[] =>
        Object.keys(found).filter((kind) => kind.startsWith(prefix)).map((kind) => found[kind]!);
      assert.deepEqual(told("member.joined readers"), [{ Group: "readers", PIDs: [pid!] }]);
      const logged = told("logs.entry ");
      assert.ok(logged.length > 0);
      for (const record of logged) {
        assert.deepEqual(Object.keys(record).sort(), ["fields", "level", "logger", "message", "time"]);
        assert.equal(typeof record["fields"], "object");
      }
    },
    SIMULATED,
  ));

test("members that are null are absent, empty maps and lists are tables, bytes are strings, at any depth [payload.native-struct]", () =>
  withApplication(
    HEAD + entry(
      "look",
      "function.lua",
      main(`
local record = ...
local names = {}
for name in pairs(record) do names[#names + 1] = name end
table.sort(names)
local inner = record.inner
local same = payload.new(record):transcode(payload.format.GOLANG)
assert(same:get_format() == "golang/any" and same:data().inner.list[1].n == 7)
return {
  names = table.concat(names, " "),
  absent = record.absent == nil and inner.absent == nil,
  map = type(record.map) .. #record.map,
  list = type(record.list) .. #record.list,
  bytes = type(record.bytes) .. #record.bytes .. record.bytes:byte(1),
  inner = type(inner.bytes) .. inner.list[1].n,
  json = json.encode({ map = record.map }),
}`),
      "method: main\nmodules: [json]",
    ),
    async (app) => {
      const record: Value = {
        map: {},
        list: [],
        absent: null,
        bytes: Uint8Array.of(255, 0),
        inner: { absent: null, bytes: Uint8Array.of(1), list: [{ n: 7 }] },
      };
      assert.deepEqual(await app.call("app:look", record), {
        names: "bytes inner list map",
        absent: true,
        map: "table0",
        list: "table0",
        bytes: "string2255",
        inner: "string7",
        json: '{"map":{}}',
      });
    },
    SIMULATED,
  ));
