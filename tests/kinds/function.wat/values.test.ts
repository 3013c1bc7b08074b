/** Values on their way into guests and back, by the WIT of the entry. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { entry, failureOf, main } from "../../lua_entries.ts";
import { application, SAME, wat, withMemory } from "./guests.ts";

function withWit(name: string, source: string, wit: string): string {
  const lines = wit.trim().split("\n").map((line) => `  ${line.trim()}`).join("\n");
  return wat(name, source, `method: ${name}\nwit: |\n${lines}`);
}

async function refusal(app: TestApplication, ...args: Value[]): Promise<string> {
  const { kind, message } = await failureOf(app.call("app:same", ...args));
  return `${kind}: ${message}`;
}

test("primitives keep their values and their ranges", async () => {
  const types = {
    bool: ["i32", [true, false], [1, "true"]],
    s8: ["i32", [-128, 127], [128, -129]],
    u8: ["i32", [0, 255], [256, -1]],
    s16: ["i32", [-32768, 32767], [32768]],
    u16: ["i32", [65535], [65536, -1]],
    s32: ["i32", [-(2 ** 31), 2 ** 31 - 1], [2 ** 31]],
    u32: ["i32", [2 ** 32 - 1, 2 ** 31], [2 ** 32, -1]],
    s64: ["i64", [-(2 ** 53) + 1, 2n ** 63n - 1n, -(2n ** 63n)], [0.5]],
    u64: ["i64", [7, 2n ** 62n], [-1]],
    f32: ["f32", [0.5, -1.25], ["x", false]],
    f64: ["f64", [0.1, 1e300, -3], ["x"]],
    char: ["i32", ["a", "é", "😀"], ["ab", "", 65]],
  } as const;
  const entries = Object.entries(types).map(([type, [core]]) =>
    wat(
      type,
      `(module (func (export "id") (param ${core}) (result ${core}) (local.get 0)))`,
      `method: id\nwit: "id: func(v: ${type}) -> ${type};"`,
    )
  );
  await withApplication(application(...entries), async (app) => {
    for (const [type, [, good, bad]] of Object.entries(types)) {
      for (const value of good) assert.equal(await app.call(`app:${type}`, value as Value), value, type);
      for (const value of bad) {
        const { kind, message } = await failureOf(app.call(`app:${type}`, value as Value));
        assert.equal(kind, "Invalid", `${type} ${value}`);
        assert.ok(message.startsWith(`app:${type}: argument 1 (v): expected ${type}, got `), message);
      }
    }
  });
});

test("without wit parameters and results are the numbers of the module; floats stay floats", async () => {
  const source = `(module (func (export "f") (param i32 i64 f32 f64) (result f64)
    (f64.add (f64.add (f64.convert_i32_s (local.get 0)) (f64.convert_i64_s (local.get 1)))
             (f64.add (f64.promote_f32 (local.get 2)) (local.get 3)))))`;
  const nothing = `(module (func (export "f")))`;
  const caller = main(`
    local funcs = require("funcs")
    return math.type(funcs.call("app:sum", 1, 2, 0.5, 0.5)), select("#", funcs.call("app:nothing"))`);
  await withApplication(
    application(
      wat("sum", source, "method: f"),
      wat("nothing", nothing, "method: f"),
      entry("f", "function.lua", caller, "method: main\nmodules: [funcs]"),
    ),
    async (app) => {
      assert.equal(await app.call("app:sum", 1, -2, 0.25, 3), 2.25);
      assert.equal(await app.call("app:nothing"), null);
      assert.equal(await app.call("app:f"), "float");
    },
  );
});

test("texts go in and out as UTF-8, empty and long ones too", async () => {
  await withApplication(
    application(withWit("same", SAME, "same: func(text: string) -> string;")),
    async (app) => {
      for (const text of ["", "héllo 😀", "x".repeat(50_000)]) {
        assert.equal(
          await app.call("app:same", text),
          text,
        );
      }
      assert.equal(
        await refusal(app, { a: 1 }),
        "Invalid: app:same: argument 1 (text): expected string, got a table",
      );
    },
  );
});

const USERS = `
  record user {
    id: u32,
    name: string,
    tags: list<string>,
    active: bool,
    score: f64,
    nick-name: option<string>,
    rank: rank,
    place: tuple<s8, s64>,
  }
  same: func(users: list<user>) -> list<user>;`;

test("records are tables, lists arrays, options nil or a value, enums texts, tuples arrays", async () => {
  const wit = `enum rank { low, high }\n${USERS}`;
  const alice = {
    id: 1,
    name: "Alice",
    tags: ["admin", "dev"],
    active: true,
    score: 1.5,
    "nick-name": "Al",
    rank: "high",
    place: [-1, 2n ** 60n],
  };
  const bob = { id: 2, name: "Bob", tags: [], active: false, score: 0.25, rank: "low", place: [1, 2] };
  await withApplication(application(withWit("same", SAME, wit)), async (app) => {
    assert.deepEqual(await app.call("app:same", []), []);
    const [first, second] = await app.call("app:same", [alice, bob]) as { [key: string]: Value }[];
    assert.deepEqual(first, alice);
    assert.deepEqual({ ...second, tags: [] }, bob);
    const underscored = { ...alice, "nick-name": null, nick_name: "A" };
    const [third] = await app.call("app:same", [underscored]) as { [key: string]: Value }[];
    assert.equal(third!["nick-name"], "A");

    const place = "Invalid: app:same: argument 1 (users)";
    assert.equal(await refusal(app, [{ ...alice, id: -1 }]), `${place}[1].id: expected u32, got -1`);
    assert.equal(
      await refusal(app, [alice, { ...alice, tags: ["a", true] }]),
      `${place}[2].tags[2]: expected string, got true`,
    );
    assert.equal(
      await refusal(app, [{ ...alice, name: null }]),
      `${place}[1].name: expected string, got nil`,
    );
    assert.equal(
      await refusal(app, [{ ...alice, rank: "middle" }]),
      `${place}[1].rank: expected enum { low, high }, got "middle"`,
    );
    assert.match(
      await refusal(app, [{ ...alice, place: [1] }]),
      /\[1\]\.place: expected tuple<s8, s64>, got a table$/,
    );
    assert.match(
      await refusal(app, "x"),
      /^Invalid: app:same: argument 1 \(users\): expected list<record \{ id: u32, /,
    );
  });
});

test("what lies in the memory of the guest lies where the canonical ABI says", async () => {
  // name at 0, active at 8, score at 16, age at 24; 32 bytes each.
  const source = withMemory(`
  (func (export "age-of") (param $list i32) (param $count i32) (param $at i32) (result i32)
    (i32.load16_u offset=24 (i32.add (local.get $list) (i32.mul (i32.const 32) (local.get $at)))))`);
  const wit = `
    record user { name: string, active: bool, score: f64, age: u16 }
    age-of: func(users: list<user>, at: u32) -> u16;`;
  const flat = withMemory(`
  (func (export "pick") (param i32 i32 i32 f64 i32 i64) (result i64) (local.get 5))`);
  const flatWit = `
    record user { name: string, active: option<f64>, age: u16 }
    pick: func(who: user, big: u64) -> u64;`;
  const user = (name: string, age: number): Value => ({ name, active: true, score: 1, age });
  await withApplication(
    application(
      wat("age", source, `method: age-of\nwit: |${wit.replaceAll("\n    ", "\n  ")}`),
      withWit("pick", flat, flatWit),
    ),
    async (app) => {
      assert.equal(await app.call("app:age", [user("A", 7), user("B", 65000)], 1), 65000);
      assert.equal(await app.call("app:pick", { name: "A", age: 3 }, 2n ** 61n), 2n ** 61n);
    },
  );
});

test("results are a value, or nil and an error that carries what the guest said", async () => {
  const half = withMemory(`
  (func (export "half") (param i32) (result i32)
    (if (i32.and (local.get 0) (i32.const 1))
      (then
        (i32.store8 (i32.const 16) (i32.const 1))
        (i32.store (i32.const 20) (i32.const 100))
        (i32.store (i32.const 24) (i32.const 9)))
      (else
        (i32.store8 (i32.const 16) (i32.const 0))
        (i32.store (i32.const 20) (i32.div_s (local.get 0) (i32.const 2)))))
    (i32.const 16))`);
  const code = withMemory(`
  (func (export "code") (result i32)
    (i32.store8 (i32.const 16) (i32.const 1))
    (i32.store (i32.const 20) (i32.const 404))
    (i32.const 16))`);
  const caller = main(`
    local funcs = require("funcs")
    local four, none = funcs.call("app:half", 8)
    local nothing, err = funcs.call("app:half", 7)
    local _, record = funcs.call("app:code")
    return { four, none == nil, nothing == nil, err:message(), err:kind(), record:details().code }`);
  await withApplication(
    application(
      withWit("half", half, "half: func(n: s32) -> result<s32, string>;"),
      withWit("code", code, "record problem { code: u32 }\ncode: func() -> result<s32, problem>;"),
      entry("f", "function.lua", caller, "method: main\nmodules: [funcs]"),
    ),
    async (app) => assert.deepEqual(await app.call("app:f"), [4, true, true, "it is odd", "Internal", 404]),
  );
});

test("a guest that names memory that it does not have fails its call", async () => {
  const source = withMemory(`
  (func (export "f") (result i32)
    (i32.store (i32.const 16) (i32.const 100000000))
    (i32.store (i32.const 20) (i32.const 2000000000))
    (i32.const 16))`);
  await withApplication(
    application(
      wat("text", source, 'method: f\nwit: "f: func() -> string;"'),
      wat("list", source, 'method: f\nwit: "f: func() -> list<u64>;"'),
    ),
    async (app) => {
      for (const name of ["text", "list"]) {
        const { kind, message } = await failureOf(app.call(`app:${name}`));
        assert.equal(kind, "Internal");
        assert.match(
          message,
          /^app:\w+: the guest names \d+ bytes at 100000000, which are not in its memory$/,
        );
      }
    },
  );
});

test("a guest is told when what it gave has been read", async () => {
  // It gives as many letters as it was told of that.
  const source = withMemory(`
  (global $read (mut i32) (i32.const 0))
  (func (export "f") (result i32)
    (i32.store (i32.const 16) (i32.const 100))
    (i32.store (i32.const 20) (global.get $read))
    (i32.const 16))
  (func (export "cabi_post_f") (param i32) (global.set $read (i32.add (global.get $read) (i32.const 1))))`);
  const more = 'method: f\nwit: "f: func() -> string;"\npool: { type: static, size: 1 }';
  await withApplication(application(wat("f", source, more)), async (app) => {
    for (const text of ["", "i", "it"]) assert.equal(await app.call("app:f"), text);
  }, { cpus: 1 });
});
