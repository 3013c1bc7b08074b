/** Lua entries: what they may say, what code sees, and how functions, processes and libraries live. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../../src/core/mod.ts";
import { withApplication } from "../application.ts";
import { applyFailure, entry, failureOf, HEAD, main } from "../lua_entries.ts";

test("a function ends with its caller, a process outlives who started it [unit.function, unit.process]", async () => {
  await withApplication(
    HEAD +
      entry(
        "keeper",
        "process.lua",
        main(`
        local n = 0
        local inbox = process.inbox()
        while true do
          local m = inbox:receive()
          n = n + 1
          process.send(m:payload():data(), "count", n)
        end`),
        "method: main",
      ) +
      entry("start", "function.lua", main(`return process.spawn("app:keeper", "app:host")`), "method: main") +
      entry(
        "ask",
        "function.lua",
        main(`
        local counts = process.listen("count")
        process.send((...), "ask", process.pid())
        return (counts:receive())`),
        "method: main",
      ),
    async (app) => {
      const pid = await app.call("app:start");
      assert.equal(await app.call("app:ask", pid), 1);
      assert.equal(await app.call("app:ask", pid), 2);
    },
  );
});

test("sleep in a process lets others run [unit.sleep-by-context]", async () => {
  await withApplication(
    HEAD +
      entry(
        "sleeper",
        "process.lua",
        main(`
        local to, name, ms = ...
        time.sleep(ms .. "ms")
        process.send(to, "woke", name)`),
        "method: main\nmodules: [time]",
      ) +
      entry(
        "f",
        "function.lua",
        main(`
        local woke = process.listen("woke")
        process.spawn("app:sleeper", "app:host", process.pid(), "slow", 400)
        process.spawn("app:sleeper", "app:host", process.pid(), "fast", 2)
        return { (woke:receive()), (woke:receive()) }`),
        "method: main",
      ),
    async (app) => assert.deepEqual(await app.call("app:f"), ["fast", "slow"]),
  );
});

test("every Lua kind loads [kind.lua.kinds]", async () => {
  await withApplication(
    HEAD +
      entry("lib", "library.lua", `return { twice = function(v) return v * 2 end }`) +
      entry("mod", "module.lua", `return { thrice = function(v) return v * 3 end }`) +
      entry(
        "f",
        "function.lua",
        main(`return lib.twice(2) + mod.thrice(2)`),
        "method: main\nimports: { lib: lib, mod: app:mod }",
      ) +
      entry("p", "process.lua", main(`return 1`), "method: main") +
      entry("w", "workflow.lua", main(`return 1`), "method: main"),
    async (app) => assert.equal(await app.call("app:f"), 10),
  );
});

test("fields are checked when an entry is made [entry.fields, entry.method-required, kind.lua.method, kind.lua.source]", async () => {
  await withApplication(HEAD, async (app) => {
    assert.match(
      await applyFailure(app, "app:a", "function.lua", { source: "return 1" }),
      /method is required/,
    );
    assert.match(await applyFailure(app, "app:b", "function.lua", { method: "main" }), /source is required/);
    assert.match(
      await applyFailure(app, "app:c", "function.lua", { method: "main", source: "return (" }),
      /app:c:1/,
    );
    assert.match(
      await applyFailure(app, "app:d", "function.lua", {
        method: "main",
        source: "return 1",
        modules: ["jsno"],
      }),
      /unknown module "jsno".*json/,
    );
    assert.match(
      await applyFailure(app, "app:e", "function.lua", {
        method: "main",
        source: "return 1",
        modules: ["a:b"],
      }),
      /module cannot have a namespace/,
    );
  });
});

test("module names have no namespace, built-in imports a name [entry.modules.namespace]", async () => {
  await withApplication(HEAD, async (app) => {
    const data = { method: "main", source: "return 1" };
    assert.match(
      await applyFailure(app, "app:a", "function.lua", { ...data, modules: ["x:json"] }),
      /module cannot have a namespace/,
    );
    assert.match(
      await applyFailure(app, "app:b", "function.lua", { ...data, imports: { j: ":" } }),
      /import :name cannot be empty/,
    );
  });
});

test("source in data works for entries made at run time [kind.lua.source]", async () => {
  await withApplication(HEAD, async (app) => {
    const data = { method: "main", source: "return { main = function(a) return a .. '!' end }" };
    await app.application.registry.apply([{
      kind: "entry.create",
      entry: { id: "app:made", kind: "function.lua", meta: {}, data },
    }]);
    assert.equal(await app.call("app:made", "hey"), "hey!");
  });
});

test("a chunk gives a table of methods or a bare function [entry.method-export]", async () => {
  await withApplication(
    HEAD +
      entry(
        "table",
        "function.lua",
        `return { other = function() return "other" end, main = function() return "main" end }`,
        "method: other",
      ) +
      entry("bare", "function.lua", `return function(v) return v + 1 end`, "method: whatever") +
      entry("absent", "function.lua", `return { main = function() end }`, "method: missing") +
      entry("nothing", "function.lua", `local x = 1`, "method: main"),
    async (app) => {
      assert.equal(await app.call("app:table"), "other");
      assert.equal(await app.call("app:bare", 1), 2);
      const failure = await failureOf(app.call("app:absent"));
      assert.equal(failure.kind, "NotFound");
      assert.match(failure.message, /method "missing" not found in module/);
      assert.match((await failureOf(app.call("app:nothing"))).message, /method "main" not found in module/);
    },
  );
});

test("a process entry without a method uses main [entry.method-default]", async () => {
  await withApplication(
    HEAD + entry("p", "process.lua", `return { main = function() return "default" end }`) +
      entry("f", "function.lua", main(`return process.exec("app:p", "app:host")`), "method: main"),
    async (app) => assert.equal(await app.call("app:f"), "default"),
  );
});

test("the body runs once per worker, and can't block [entry.body]", async () => {
  await withApplication(
    HEAD +
      entry(
        "counter",
        "function.lua",
        `local runs = 0\nreturn { main = function() runs = runs + 1 return runs end }`,
        "method: main\npool: { type: static, workers: 1 }",
      ) +
      entry(
        "blocks",
        "function.lua",
        `time.sleep("1ms")\nreturn { main = function() return 1 end }`,
        "method: main\nmodules: [time]",
      ),
    async (app) => {
      assert.deepEqual([await app.call("app:counter"), await app.call("app:counter")], [1, 2]);
      assert.match((await failureOf(app.call("app:blocks"))).message, /block while loading/);
    },
  );
});

test("listed modules and imports are globals; others do not exist [entry.modules, kind.lua.modules]", async () => {
  await withApplication(
    HEAD +
      entry("lib", "library.lua", `return { name = "lib" }`) +
      entry(
        "with",
        "function.lua",
        main(
          `return { json ~= nil, require("json") == json, helper.name, require("helper").name, sql == nil, pcall(require, "sql") }`,
        ),
        "method: main\nmodules: [json, process]\nimports: { helper: lib }",
      ),
    async (app) =>
      assert.deepEqual((await app.call("app:with") as Value[]).slice(0, 6), [
        true,
        true,
        "lib",
        "lib",
        true,
        false,
      ]),
  );
});

test("imports bind entries and built-ins, and are separate from each other [entry.imports, kind.lua.imports]", async () => {
  await withApplication(
    HEAD +
      entry("base", "library.lua", `secret = "base"\nreturn { value = 1 }`) +
      entry("lib", "library.lua", `return { value = b.value + 1, leak = secret }`, "imports: { b: base }") +
      entry(
        "f",
        "function.lua",
        main(`return { l.value, l.leak == nil, secret == nil, b == nil, j.encode({ 1 }) }`),
        "method: main\nimports: { l: lib, j: ':json' }",
      ),
    async (app) => assert.deepEqual(await app.call("app:f"), [2, true, true, true, "[1]"]),
  );
});

test("a failing import fails who needs it [entry.imports]", async () => {
  await withApplication(
    HEAD +
      entry("broken", "library.lua", `error("no luck")`) +
      entry("f", "function.lua", main(`return 1`), "method: main\nimports: { dep: broken }"),
    async (app) =>
      assert.match((await failureOf(app.call("app:f"))).message, /failed to load dependency dep: .*no luck/),
  );
});

test("print is logged with pid and place, joined by one space [base.print]", async () => {
  await withApplication(
    HEAD + entry("f", "function.lua", main(`print("a", 1, nil, true, { 1 } ~= nil)`), "method: main"),
    async (app) => {
      await app.call("app:f");
      const record = app.logs.find((log) => log.message === "a 1 nil true true");
      assert.ok(record !== undefined, "not logged");
      assert.equal(record.level, 0);
      assert.match(String(record.fields["pid"]), /^\{app:f\|0x[0-9a-f]{5}\}$/);
      assert.equal(record.fields["location"], "app:f:2");
    },
  );
});

test("a lifecycle block that does not ask to be started starts nothing", async () => {
  await withApplication(
    HEAD +
      entry(
        "p",
        "process.lua",
        main(`print("must not run")`),
        "method: main\nlifecycle: { restart: { max_attempts: 1 } }",
      ),
    async (app) => {
      assert.equal(app.application.supervisor.state("app:p"), undefined);
      assert.ok(!app.logs.some((log) => log.message === "must not run"));
      assert.ok(!app.logs.some((log) => log.message.includes("has no effect")), "nothing was asked for");
    },
  );
});
