/** What a process has before anybody gives it something: nothing of the machine, nothing of others, little memory. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../../src/core/mod.ts";
import { AMBIENT_MODULES } from "../../src/lua/mod.ts";
import { withApplication } from "../application.ts";
import { entry, HEAD, main } from "../lua_entries.ts";

const SIMULATED = { simulated: true };

/** Ways to files, network, environment, the operating system, other code, or the insides of the runtime. */
const DANGEROUS = [
  "io debug package load loadstring loadfile dofile module collectgarbage newproxy setfenv getfenv rawlen utf8 jit ffi bit32",
  "os.execute os.exit os.remove os.rename os.tmpname os.getenv os.setlocale string.dump coroutine.close",
  "process.env process.exit process.argv errors.stack globalThis Deno Bun window fetch eval Function constructor",
].join(" ").split(" ");

const LOOKS = main(`
local names, modules = ...
local found = {}
for _, name in ipairs(names) do
  local value = _G
  for part in name:gmatch("[^.]+") do value = type(value) == "table" and value[part] or nil end
  if value ~= nil then found[#found + 1] = name end
end
for _, name in ipairs(modules) do
  if _G[name] ~= nil then found[#found + 1] = "global " .. name end
  if pcall(require, name) then found[#found + 1] = "require " .. name end
end
for _, path in ipairs({ "src", "./src/_index", "/etc/passwd", "app:other", "app.other", "other", "node:fs" }) do
  if pcall(require, path) then found[#found + 1] = "require " .. path end
end
return found`);

test("nothing of files, network, environment, system or other code is there, it is absent and not refused [process.isolation]", () =>
  withApplication(
    HEAD + entry("look", "function.lua", LOOKS, "method: main") +
      entry("peer", "process.lua", LOOKS, "method: main") +
      entry("other", "library.lua", `return { secret = 1 }`) +
      entry("run", "function.lua", main(`return process.exec("app:peer", "app:host", ...)`), "method: main"),
    async (app) => {
      const ambient: readonly string[] = AMBIENT_MODULES;
      const modules = app.application.runtime.modules.catalog.names().filter((name) =>
        !ambient.includes(name)
      );
      assert.ok(modules.includes("fs") && modules.includes("http_client") && modules.includes("env"));
      assert.deepEqual(await app.call("app:look", DANGEROUS, modules), []);
      assert.deepEqual(await app.call("app:run", DANGEROUS, modules), []);
    },
    SIMULATED,
  ));

test("what one process does to its globals and libraries is unknown to all others [process.isolation]", () =>
  withApplication(
    HEAD +
      entry(
        "spoils",
        "process.lua",
        main(`
secret = "mine"
_G.print = function() end
pcall(function() string.upper = function() return "spoiled" end end)
pcall(function() table.insert = nil end)
pcall(function() math.floor = nil end)
pcall(function() getmetatable("").__index = nil end)
errors = nil
process.inbox():receive()`),
        "method: main",
      ) +
      entry(
        "healthy",
        "process.lua",
        main(
          `return { secret == nil, ("x"):upper(), math.floor(1.5), #({ 1, table.insert({}, 1) }), errors ~= nil, type(print) }`,
        ),
        "method: main",
      ) +
      entry(
        "run",
        "function.lua",
        main(`
process.spawn("app:spoils", "app:host")
process.exec("app:healthy", "app:host")
return process.exec("app:healthy", "app:host")`),
        "method: main",
      ),
    async (app) => assert.deepEqual(await app.call("app:run"), [true, "X", 1, 1, true, "function"]),
    SIMULATED,
  ));

test("an idle process takes less than 13 KB, code and modules included [process.isolation]", () =>
  withApplication(
    HEAD +
      entry(
        "idle",
        "process.lua",
        main(`local state = { count = 0 } local inbox = process.inbox() state.message = inbox:receive()`),
        "method: main\nmodules: [json, time, sql, http_client]",
      ) +
      entry(
        "many",
        "function.lua",
        main(`for _ = 1, (...) do assert(process.spawn("app:idle", "app:host")) end`),
        "method: main",
      ),
    async (app) => {
      const { runtime } = app.application;
      const before = runtime.universe.heapBytes;
      await app.call("app:many", 500 as Value);
      await app.world!.clock.settle();
      const facts = runtime.processes().filter(({ entry }) => entry === "app:idle");
      assert.equal(facts.length, 500);
      for (const { memoryBytes } of facts) {
        assert.ok(memoryBytes > 0 && memoryBytes < 13_000, `${memoryBytes} bytes`);
      }
      const each = (runtime.universe.heapBytes - before) / 500;
      assert.ok(each < 13_000, `${each} bytes of the heap for each process`);
    },
    SIMULATED,
  ));
