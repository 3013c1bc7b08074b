/** Entries of WebAssembly that are refused before anybody calls them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../../../src/core/mod.ts";
import { withApplication } from "../../application.ts";
import { HEAD, refusalOf } from "../../lua_entries.ts";
import { ADD, SAME } from "./guests.ts";

const GOOD = { source: ADD, method: "add", wit: "add: func(a: s32, b: s32) -> s32;" };

const CASES: Record<string, [data: { [key: string]: Value }, message: RegExp]> = {
  "malformed text": [
    { ...GOOD, source: `(module\n  (func (export "add") (result i32) i32.konst 1))` },
    /source: ?2:37: error: unexpected token i32\.konst/,
  ],
  "text that is no sound module": [
    { ...GOOD, source: `(module (func (export "add") (result i32) i64.const 1))` },
    /type/,
  ],
  "no source": [{ method: "add" }, /source/],
  "no method": [{ source: ADD }, /method/],
  "a missing export": [
    { ...GOOD, method: "ad" },
    /method: the module exports no function "ad"; did you mean "add"\?; it exports add/,
  ],
  "wit without the method": [
    { ...GOOD, wit: "sub: func();" },
    /wit: it declares no function "add"; it declares sub/,
  ],
  "wit that does not fit": [
    { ...GOOD, wit: "add: func(a: s64, b: s32) -> s32;" },
    /wit: add is \(i64, i32\) -> \(i32\) in a module, but this one has \(i32, i32\) -> \(i32\)/,
  ],
  "wit with an unknown type": [
    { ...GOOD, wit: "\nadd: func(a: strin)" },
    /wit:2:14: unknown type "strin"; did you mean "string"\?/,
  ],
  "wit that stops short": [{ ...GOOD, wit: "add: func(a: s32" }, /wit:1:17: expected ",", got the end/],
  "wit with what there is not": [{ ...GOOD, wit: "variant v { a, b }" }, /wit:1:1: variant is not supported/],
  "wit with a type that doubles without end": [
    {
      ...GOOD,
      wit: Array.from({ length: 60 }, (_, i) => `type t${i + 1} = tuple<${i ? `t${i}, t${i}` : "u8, u8"}>;`)
        .join("\n"),
    },
    /wit:1\d:\d+: the type has too many parts/,
  ],
  "texts without an allocator": [
    {
      source: `(module (memory (export "memory") 1) (func (export "f") (param i32 i32)))`,
      method: "f",
      wit: "f: func(t: string);",
    },
    /wit: f needs room in the memory of the guest: export "cabi_realloc" as \(i32, i32, i32, i32\) -> \(i32\)/,
  ],
  "texts without memory": [
    { source: `(module (func (export "f") (param i32 i32)))`, method: "f", wit: "f: func(t: string);" },
    /wit: f needs memory, which the module does not export as "memory"/,
  ],
  "an imported memory": [
    { source: `(module (import "env" "memory" (memory 1)) ${ADD.slice(8)}`, method: "add" },
    /the module imports "env" "memory", which is no function/,
  ],
  "an unknown import": [{ ...GOOD, imports: ["wasi:clock"] }, /imports.*wasi:clocks/],
  "an unknown pool": [{ ...GOOD, pool: { type: "elastic" } }, /unknown pool type: elastic/],
  "an unknown transport": [{ ...GOOD, transport: "http" }, /transport/],
  "a transport that gives one argument": [
    { ...GOOD, transport: "wasi-http" },
    /transport: wasi-http gives one argument, the request; add takes more/,
  ],
  "a bad limit": [{ ...GOOD, limits: { max_execution_ms: -1 } }, /max_execution_ms/],
  "shared memory": [
    { source: `(module (memory 1 2 shared) (func (export "f")))`, method: "f" },
    /shared/,
  ],
  "too much memory at once": [
    { source: `(module (memory 20000) (func (export "f")))`, method: "f" },
    /the module wants 20000 pages of memory at once; a guest has at most 16384/,
  ],
  "parameters that are no numbers": [
    { source: `(module (func (export "f") (param externref)))`, method: "f" },
    /method: f takes or gives values that are no numbers/,
  ],
};

for (const [what, [data, message]] of Object.entries(CASES)) {
  test(`a function.wat with ${what} is refused`, async () => {
    await withApplication(HEAD, async (app) => {
      const failure = await refusalOf(app, "app:bad", "function.wat", data);
      assert.match(failure.message, message);
      assert.match(failure.message, /app:bad/);
    });
  });
}

test("a changed entry runs its new code, one that was refused its old, and a deleted one none", async () => {
  await withApplication(HEAD, async (app) => {
    const { registry } = app.application;
    const entry = { id: "app:f", kind: "function.wat", meta: {} };
    const answer = (number: number) => ({
      source: `(module (func (export "f") (result i32) (i32.const ${number})))`,
      method: "f",
      pool: { type: "static", size: 1 },
    });
    await registry.apply([{ kind: "entry.create", entry: { ...entry, data: answer(1) } }]);
    assert.equal(await app.call("app:f"), 1);
    await registry.apply([{ kind: "entry.update", entry: { ...entry, data: answer(2) } }]);
    assert.equal(await app.call("app:f"), 2);
    const bad = { ...answer(3), method: "g" };
    await assert.rejects(registry.apply([{ kind: "entry.update", entry: { ...entry, data: bad } }]));
    assert.equal(await app.call("app:f"), 2);
    await registry.apply([{ kind: "entry.delete", id: entry.id }]);
    await assert.rejects(app.call("app:f"), /no handler registered/);
  });
});

test("Lua can't reach the module of guests for itself", async () => {
  await withApplication(HEAD, async (app) => {
    const source = 'local g = require("g")\nreturn { main = function() return g.run() end }';
    const data = { source, method: "main", imports: { g: ":wasm:guest" } };
    await app.application.registry.apply([
      { kind: "entry.create", entry: { id: "app:f", kind: "function.lua", meta: {}, data } },
      {
        kind: "entry.create",
        entry: { id: "app:same", kind: "function.wat", meta: {}, data: { source: SAME, method: "same" } },
      },
    ]).then(
      () => assert.rejects(app.call("app:f"), /app:f is no WebAssembly entry/),
      (error: Error) => assert.match(error.message, /wasm:guest/),
    );
  });
});
