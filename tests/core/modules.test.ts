/** The contract of modules: what a definition says, when commands suspend, and who may use a module. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure, type Value, type ValueMap } from "../../src/core/mod.ts";
import {
  defineModule,
  defineObject,
  type ModuleDefinition,
  type ObjectDefinition,
} from "../../src/lua/mod.ts";
import { LuaError, type NativeResult, Raised, Values } from "../../src/vm/mod.ts";
import { startApplication, withApplication } from "../application.ts";
import { entry, HEAD, main, refusalOf } from "../lua_entries.ts";

const SIMULATED = { simulated: true };

interface Counter {
  value: number;
}

const counterObject: ObjectDefinition<Counter> = defineObject<Counter>({
  name: "demo.Counter",
  methods: { next: (call) => ++call.self(counterObject).value },
  tostring: ({ value }) => `demo.Counter{${value}}`,
});

/** A module with one of everything; `made` counts what is made of it. */
function demoModule(made: { instances: number }): ModuleDefinition {
  return defineModule({
    name: "demo",
    types: "--- Shows what modules can be.\n\n--- Adds.\nfunction demo.add(a: number, b: number): number\n",
    classes: ["deterministic", "encoding"],
    constants: { LIMIT: 5, inner: { DEEP: "down" } },
    functions: {
      add: (call) => call.number(1) + call.number(2),
      "nested.twice": (call) => call.number(1) * 2,
      facts: () => ({ list: [1, 2], name: "x" }),
      counter: (call) => call.create(counterObject, { value: 0 }),
    },
    instances: {
      shared: {
        definition: counterObject as never,
        create() {
          made.instances++;
          return { value: 100 };
        },
      },
    },
    objects: [counterObject as never],
  });
}

const USES = entry(
  "use",
  "function.lua",
  main(`
local counter = demo.counter()
counter:next()
return {
  demo.add(2, 3), demo.nested.twice(4), demo.LIMIT, demo.inner.DEEP, tostring(counter), type(counter),
  tostring(demo), demo == require("demo"),
}`),
  "method: main\nmodules: [demo]",
);

test("a definition gives a module with its functions, constants, nested tables and objects [module.definition]", () =>
  withApplication(
    HEAD + USES,
    async (app) => {
      assert.deepEqual((await app.call("app:use") as Value[]).slice(0, 6), [
        5,
        8,
        5,
        "down",
        "demo.Counter{1}",
        "userdata",
      ]);
    },
    { ...SIMULATED, modules: [demoModule({ instances: 0 })] },
  ));

test("name, description and classes are told by system.modules [module.definition] [system.modules]", () =>
  withApplication(
    HEAD +
      entry("list", "function.lua", main(`return (system.modules())`), "method: main\nmodules: [system]"),
    async (app) => {
      const all = await app.call("app:list") as ValueMap[];
      assert.deepEqual(all.find(({ name }) => name === "demo"), {
        name: "demo",
        description: "Shows what modules can be.",
        class: ["deterministic", "encoding"],
        commands: {},
      });
    },
    { ...SIMULATED, modules: [demoModule({ instances: 0 })] },
  ));

test("a module is made once, and every function and process has the same frozen table [module.definition] [base.module-table-immutable]", () => {
  const made = { instances: 0 };
  const tries = main(`
local refused = 0
local function try(fn) if not pcall(fn) then refused = refused + 1 end end
try(function() demo.add = nil end)
try(function() demo.fresh = 1 end)
try(function() demo.nested.twice = nil end)
try(function() demo.inner.DEEP = "up" end)
try(function() rawset(demo, "fresh", 1) end)
try(function() setmetatable(demo, {}) end)
try(function() table.insert(demo.inner, 1) end)
local facts = demo.facts()
facts.list[3], facts.name, facts.fresh = 3, "y", true
return { refused = refused, table = tostring(demo), next = demo.shared:next(), facts = #facts.list }`);
  return withApplication(
    HEAD + entry("one", "function.lua", tries, "method: main\nmodules: [demo]") +
      entry("two", "process.lua", tries, "method: main\nmodules: [demo]") +
      entry("run", "function.lua", main(`return process.exec("app:two", "app:host")`), "method: main"),
    async (app) => {
      const one = await app.call("app:one") as ValueMap;
      const two = await app.call("app:run") as ValueMap;
      assert.deepEqual([one["refused"], two["refused"]], [7, 7]);
      assert.equal(one["table"], two["table"]);
      assert.deepEqual([one["next"], two["next"], made.instances], [101, 102, 1]);
      assert.equal(one["facts"], 3, "what a call returns is the caller's own");
    },
    { ...SIMULATED, modules: [demoModule(made)] },
  );
});

test("metatables of objects can be neither seen nor changed [module.definition]", () =>
  withApplication(
    HEAD + entry(
      "f",
      "function.lua",
      main(`
local a, b = demo.counter(), demo.counter()
local mt = getmetatable(a)
local changed = pcall(setmetatable, a, {})
local assigned = pcall(function() a.next = function() return "hijacked" end end)
return { type(mt) == "table", changed, assigned, (b:next()), a.next == b.next }`),
      "method: main\nmodules: [demo]",
    ),
    async (app) => assert.deepEqual(await app.call("app:f"), [false, false, false, 1, true]),
    { ...SIMULATED, modules: [demoModule({ instances: 0 })] },
  ));

test("two modules, or two members of one, under one name keep the application from starting", async () => {
  const types = "--- Nothing.";
  const twice = (functions: string, commands: string) =>
    defineModule({
      name: "twice",
      types,
      classes: ["deterministic"],
      functions: { [functions]: () => 1 },
      commands: { [commands]: () => 1 },
    });
  const starting = (...modules: ModuleDefinition[]) => startApplication(HEAD, { ...SIMULATED, modules });
  await assert.rejects(starting(defineModule({ name: "json", types, classes: ["deterministic"] })), {
    kind: "Conflict",
    message: /module json is defined twice/,
  });
  await assert.rejects(starting(twice("run", "run")), {
    kind: "Conflict",
    message: /twice\.run is defined twice/,
  });
  await (await starting(twice("run", "walk"))).stop();
});

/** Commands that a test completes by hand, by the name they were called with. */
function waitModule(pending: Map<string, PromiseWithResolvers<NativeResult>>): ModuleDefinition {
  return defineModule({
    name: "wait",
    types: "--- Waits for a test.",
    classes: ["nondeterministic"],
    commands: {
      at_once: () => new Values(["now", "second"]),
      later(call) {
        const resolvers = Promise.withResolvers<NativeResult>();
        pending.set(call.string(1), resolvers);
        return resolvers.promise;
      },
    },
  });
}

const WAITS = HEAD +
  entry(
    "one",
    "function.lua",
    main(`
local name, how = ...
if how == "pcall" then
  local ok, value, err = pcall(wait.later, name)
  if not ok then return { ok = false, err = tostring(value) } end
  return { ok = true, value = value, err = err and err:message() }
end
if how == "coroutine" then
  local co = coroutine.wrap(function() coroutine.yield("yielded") return wait.later(name) end)
  return { first = co(), value = (co()) }
end
local value, err = wait.later(name)
return { value = value, kind = err and err:kind(), err = err and err:message() }`),
    "method: main\nmodules: [wait]",
  ) +
  entry(
    "many",
    "function.lua",
    main(`
local order, done = {}, channel.new(3)
for _, name in ipairs({ "a", "b", "c" }) do
  coroutine.spawn(function()
    local value = wait.later(name)
    order[#order + 1] = name .. "=" .. value
    done:send(true)
  end)
end
for _ = 1, 3 do done:receive() end
return order`),
    "method: main\nmodules: [wait]",
  ) +
  entry("now", "function.lua", main(`return { wait.at_once() }`), "method: main\nmodules: [wait]") +
  entry("plain", "function.lua", main(`return "served"`), "method: main");

async function withWaits(
  body: (
    app: Parameters<Parameters<typeof withApplication>[1]>[0],
    pending: Map<string, PromiseWithResolvers<NativeResult>>,
  ) => Promise<void>,
): Promise<void> {
  for (const budget of [undefined, 1]) {
    const pending = new Map<string, PromiseWithResolvers<NativeResult>>();
    await withApplication(WAITS, (app) => body(app, pending), {
      ...SIMULATED,
      budget,
      modules: [waitModule(pending)],
    });
  }
}

test("a command suspends its process until it completes, others go on [module.yield]", () =>
  withWaits(async (app, pending) => {
    const call = app.call("app:one", "x");
    await app.world!.clock.settle();
    assert.equal(await app.call("app:plain"), "served");
    pending.get("x")!.resolve("the result");
    assert.deepEqual(await call, { value: "the result" });
  }));

test("a command that fails gives nil and the error, one that raises raises [module.yield]", () =>
  withWaits(async (app, pending) => {
    const failing = app.call("app:one", "x");
    await app.world!.clock.settle();
    pending.get("x")!.reject(new Failure("Timeout", "too late"));
    assert.deepEqual(await failing, { kind: "Timeout", err: "too late" });
    const raising = app.call("app:one", "y", "pcall");
    await app.world!.clock.settle();
    pending.get("y")!.resolve(new Raised(new LuaError("not like that", "Invalid")));
    assert.deepEqual(await raising, { ok: false, err: "not like that" });
  }));

test("a result that is no value of Lua is a failure of the command, and its process goes on [module.yield]", () =>
  withWaits(async (app, pending) => {
    const call = app.call("app:one", "x");
    await app.world!.clock.settle();
    pending.get("x")!.resolve(2n ** 64n);
    assert.deepEqual(await call, { kind: "Invalid", err: "18446744073709551616 overflows lua integer" });
  }));

test("it passes through pcall and the caller's own coroutines [module.yield]", () =>
  withWaits(async (app, pending) => {
    const protected_ = app.call("app:one", "p", "pcall");
    const inside = app.call("app:one", "c", "coroutine");
    await app.world!.clock.settle();
    pending.get("c")!.resolve("from outside");
    pending.get("p")!.resolve(7);
    assert.deepEqual(await protected_, { ok: true, value: 7 });
    assert.deepEqual(await inside, { first: "yielded", value: "from outside" });
  }));

test("several may be under way and complete in any order [module.yield] [scheduler.yield-tags]", () =>
  withWaits(async (app, pending) => {
    const call = app.call("app:many");
    await app.world!.clock.settle();
    for (const name of ["c", "a", "b"]) {
      pending.get(name)!.resolve(name.toUpperCase());
      await app.world!.clock.settle();
    }
    assert.deepEqual(await call, ["c=C", "a=A", "b=B"]);
  }));

test("one that has its values at once does not suspend [module.yield]", () =>
  withWaits(async (app) => {
    assert.deepEqual(app.application.runtime.call("app:now", []), { ok: true, value: ["now", "second"] });
    await Promise.resolve();
  }));

test("a completion for a process that is gone is nobody's error [module.yield]", () =>
  withWaits(async (app, pending) => {
    const abort = new AbortController();
    const call = app.application.runtime.call("app:one", ["x"], { signal: abort.signal });
    await app.world!.clock.settle();
    abort.abort();
    assert.equal((await call).ok, false);
    pending.get("x")!.resolve("late");
    await app.world!.clock.settle();
    const failing = app.application.runtime.call("app:one", ["y"], { signal: AbortSignal.abort() });
    await app.world!.clock.settle();
    assert.equal((await failing).ok, false);
    assert.equal(await app.call("app:plain"), "served");
  }));

test("workflows take deterministic and recorded modules only, functions and processes all [module.classes]", () =>
  withApplication(HEAD, async (app) => {
    const data = (modules: string[]): ValueMap => ({
      method: "main",
      source: "return { main = function() end }",
      modules,
    });
    const accepts = async (kind: string, modules: string[]): Promise<void> => {
      const made = { id: "app:made", kind, meta: {}, data: data(modules) };
      await app.application.registry.apply([{ kind: "entry.create", entry: made }]);
      await app.application.registry.apply([{ kind: "entry.delete", id: "app:made" }]);
    };
    const safe = [
      "json",
      "yaml",
      "base64",
      "hash",
      "text",
      "compress",
      "expr",
      "payload",
      "time",
      "os",
      "uuid",
      "crypto",
      "ctx",
    ];
    await accepts("workflow.lua", [...safe, "funcs", "contract", "process", "logger"]);
    const outside = [
      "sql",
      "store",
      "fs",
      "env",
      "http",
      "http_client",
      "websocket",
      "system",
      "registry",
      "queue",
    ];
    for (const module of [...outside, "events", "security", "metrics", "io", "pg"]) {
      const failure = await refusalOf(app, "app:w", "workflow.lua", data([module]));
      assert.equal(failure.kind, "Invalid", module);
      assert.match(
        failure.message,
        new RegExp(`app:w: module "${module}" can't be used in workflows: it is `),
      );
      await accepts("function.lua", [module]);
      await accepts("process.lua", [module]);
    }
    const alias = await refusalOf(app, "app:w", "workflow.lua", { ...data([]), imports: { db: ":sql" } });
    assert.match(alias.message, /module "sql" can't be used in workflows/);
  }, SIMULATED));
