/** Calls of functions in the text format of WebAssembly. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withApplication } from "../../application.ts";
import { entry, failureOf, main } from "../../lua_entries.ts";
import { ADD, application, COUNT, SPIN, wat } from "./guests.ts";

const ADD_WIT = "method: add\nwit: 'add: func(a: s32, b: s32) -> s32;'";

test("a function.wat is called like a Lua function, from Lua and from outside [wasm.call] [wasm.kinds] [kind.wasm]", async () => {
  const caller = main(`
    local sum, err = require("funcs").call("app:add", 6, 7)
    assert(err == nil, tostring(err))
    assert(math.type(sum) == "integer")
    return sum`);
  await withApplication(
    application(
      wat("add", ADD, ADD_WIT),
      entry("f", "function.lua", caller, "method: main\nmodules: [funcs]"),
    ),
    async (app) => {
      assert.equal(await app.call("app:f"), 13);
      assert.equal(await app.call("app:add", -1, "12"), 11);
    },
  );
});

test("a function.wat takes an inline or a file:// source and everything its page names [wasm.wat.fields]", async () => {
  const all = `
method: add
wit: "add: func(a: s32, b: s32) -> s32;"
pool: { type: inline }
transport: payload
imports: [wasi:cli, wasi:io]
wasi: { args: ["-v"], cwd: /app }
limits: { max_execution_ms: 5000 }`;
  await withApplication(
    {
      "src/_index.yaml": application(wat("inline", ADD, all)) +
        "  - { name: file, kind: function.wat, source: file://add.wat, method: add }\n",
      "src/add.wat": ADD,
    },
    async (app) => {
      assert.equal(await app.call("app:inline", 1, 2), 3);
      assert.equal(await app.call("app:file", 3, 4), 7);
    },
  );
});

test("method names an export, also one of an interface with a hash sign and hyphens [wasm.method]", async () => {
  const source = `(module
    (func (export "test-sleep#sleep-ms") (param i64) (result i64) (local.get 0))
    (func (export "other") (result i32) (i32.const 1)))`;
  const wit = `
method: "test-sleep#sleep-ms"
wit: |
  package test:sleep@1.0.0;
  interface test-sleep {
    // how long it took
    sleep-ms: func(ms: u64) -> u64;
  }
  world guest { export test-sleep; }`;
  await withApplication(application(wat("sleep", source, wit)), async (app) => {
    assert.equal(await app.call("app:sleep", 25), 25);
  });
});

test("wrong arguments are refused with the name of the entry and of the argument [wasm.call]", async () => {
  await withApplication(application(wat("add", ADD, ADD_WIT)), async (app) => {
    const refusal = async (...args: (number | string | boolean | null)[]) => {
      const { kind, message } = await failureOf(app.call("app:add", ...args));
      return `${kind}: ${message}`;
    };
    assert.equal(await refusal(1), "Invalid: app:add: add takes 2 arguments (a, b), got 1");
    assert.equal(await refusal(1, 2, 3), "Invalid: app:add: add takes 2 arguments (a, b), got 3");
    assert.equal(await refusal(1, "six"), 'Invalid: app:add: argument 2 (b): expected s32, got "six"');
    assert.equal(await refusal(1, 2.5), "Invalid: app:add: argument 2 (b): expected s32, got 2.5");
    assert.equal(await refusal(2 ** 31, 0), "Invalid: app:add: argument 1 (a): expected s32, got 2147483648");
    assert.equal(await refusal(null, 0), "Invalid: app:add: argument 1 (a): expected s32, got nil");
    assert.equal(await refusal(true, 0), "Invalid: app:add: argument 1 (a): expected s32, got true");
  });
});

test("a trap fails the call alone, and the next one gets a fresh instance", async () => {
  const source = `(module
    (global $n (mut i32) (i32.const 0))
    (func (export "f") (param i32) (result i32)
      (global.set $n (i32.add (global.get $n) (i32.const 1)))
      (drop (i32.div_s (i32.const 1) (local.get 0)))
      (global.get $n)))`;
  await withApplication(
    application(wat("f", source, "method: f\npool: { type: static, size: 1 }")),
    async (app) => {
      assert.equal(await app.call("app:f", 1), 1);
      assert.equal(await app.call("app:f", 1), 2);
      const failure = await failureOf(app.call("app:f", 0));
      assert.equal(failure.kind, "Internal");
      assert.match(failure.message, /^app:f: trap: .*divi/i);
      assert.equal(await app.call("app:f", 1), 1);
    },
  );
});

test("calls that are nested without end, and memory without end, fail as limits", async () => {
  const deep = `(module (func $f (export "f") (result i32) (i32.add (call $f) (i32.const 1))))`;
  const greedy = `(module (memory (export "memory") 0)
    (func (export "f") (result i32)
      (loop $more (br_if $more (i32.ne (memory.grow (i32.const 4096)) (i32.const -1))))
      (unreachable)))`;
  await withApplication(
    application(wat("deep", deep, "method: f"), wat("greedy", greedy, "method: f")),
    async (app) => {
      const nested = await failureOf(app.call("app:deep"));
      assert.equal(
        `${nested.kind}: ${nested.message}`,
        "LimitExceeded: app:deep: stack overflow: its calls are nested too deep",
      );
      const full = await failureOf(app.call("app:greedy"));
      assert.equal(full.kind, "LimitExceeded");
      assert.match(full.message, /^app:greedy: out of memory: /);
    },
  );
});

test(
  "a guest that takes longer than limits.max_execution_ms is ended, and others go on [wasm.limits]",
  async () => {
    const limited = "method: spin\nlimits: { max_execution_ms: 100 }\npool: { type: lazy, max_size: 2 }";
    await withApplication(
      application(wat("spin", SPIN, limited), wat("add", ADD, "method: add")),
      async (app) => {
        const spinning = failureOf(app.call("app:spin", 1));
        assert.equal(await app.call("app:add", 1, 2), 3);
        const failure = await spinning;
        assert.equal(
          `${failure.kind}: ${failure.message}`,
          "Timeout: app:spin: it took longer than limits.max_execution_ms allows (100ms) and was ended",
        );
        assert.equal(await app.call("app:spin", 0), 5);
      },
    );
  },
);

test("a guest without end goes with its caller's patience, however many there are", async () => {
  const caller = main(`
    local funcs = require("funcs")
    local kinds = {}
    for i = 1, 3 do
      local _, err = funcs.new():with_options({ timeout = 50 }):call("app:spin", 1)
      kinds[i] = err:kind()
    end
    return table.concat(kinds, " "), funcs.call("app:spin", 0)`);
  await withApplication(
    application(
      wat("spin", SPIN, "method: spin"),
      entry("f", "function.lua", caller, "method: main\nmodules: [funcs]"),
    ),
    async (app) => assert.equal(await app.call("app:f"), "Timeout Timeout Timeout"),
    { cpus: 1 },
  );
});

test("an inline pool has an instance for each call, others keep theirs [wasm.pool.types]", async () => {
  const pools = ["inline", "lazy", "static", "adaptive"];
  await withApplication(
    application(...pools.map((type) => wat(type, COUNT, `method: count\npool: { type: ${type} }`))),
    async (app) => {
      for (const type of pools) {
        await app.call(`app:${type}`);
        assert.equal(await app.call(`app:${type}`), type === "inline" ? 1 : 2, type);
      }
    },
    { cpus: 1 },
  );
});

test("pools have the workers that their entries say [wasm.pool.types] [wasm.pool.sizes]", async () => {
  const pools = {
    none: ["", 20],
    lazy: ["pool: { type: lazy }", 16],
    adaptive: ["pool: { type: adaptive }", 16],
    small: ["pool: { type: lazy, max_size: 3 }", 3],
    fixed: ["pool: { type: static, size: 4, workers: 2 }", 2],
    sized: ["pool: { type: static, size: 4 }", 4],
  } as const;
  const entries = Object.entries(pools).map(([name, [pool]]) => wat(name, SPIN, `method: spin\n${pool}`));
  await withApplication(application(...entries), async (app) => {
    for (const [name, [, workers]] of Object.entries(pools)) {
      const calls = Array.from({ length: 20 }, () => app.call(`app:${name}`, 0));
      const load = app.application.runtime.functions.workers()[`app:${name}`]!;
      assert.deepEqual([load.workers, load.waiting], [workers, 20 - workers], name);
      assert.deepEqual(new Set(await Promise.all(calls)), new Set([5]));
    }
  });
});

test("a worker class is a pool of threads of its own, whatever its type", async () => {
  const classed = (workers: string) => `method: spin\npool: { type: inline, worker_class: wasm${workers} }`;
  await withApplication(
    application(wat("default", SPIN, classed("")), wat("two", SPIN, classed(", workers: 2"))),
    async (app) => {
      for (const [name, workers] of [["default", 4], ["two", 2]] as const) {
        const calls = Array.from({ length: 6 }, () => app.call(`app:${name}`, 0));
        assert.equal(app.application.runtime.functions.workers()[`app:${name}`]!.workers, workers);
        await Promise.all(calls);
      }
    },
    { cpus: 8 },
  );
});

test("a function that a module imports fails when it is called, by name", async () => {
  const source = `(module
    (import "wasi:clocks/wall-clock" "now" (func $now (result i32)))
    (import "env" "log" (func $log (param i32)))
    (func (export "f") (param i32) (result i32)
      (if (local.get 0) (then (call $log (call $now))))
      (i32.const 3)))`;
  await withApplication(application(wat("f", source, "method: f")), async (app) => {
    assert.equal(await app.call("app:f", 0), 3);
    const { kind, message } = await failureOf(app.call("app:f", 1));
    assert.equal(
      `${kind}: ${message}`,
      "PermissionDenied: app:f: it called wasi:clocks/wall-clock#now, which its entry does not declare in imports",
    );
  });
});
