import { test } from "node:test";
import assert from "node:assert/strict";
import type { Failure } from "../../core/mod.ts";
import { LuaError, LuaFloat } from "../../vm/mod.ts";
import { parseStored, printStored } from "./stored_json.ts";

const VALUES: unknown[] = [
  null,
  true,
  "",
  "text \u0000 \u{1F600} 1.5",
  0,
  -7,
  2 ** 53 - 1,
  2n ** 62n,
  -(2n ** 63n),
  1.5,
  new LuaFloat(3),
  new LuaFloat(1e300),
  Infinity,
  -Infinity,
  new Uint8Array([0, 255, 128]),
  [],
  {},
  [1, [new LuaFloat(2)], { a: null }],
  new Map<unknown, unknown>([[5, "x"], ["k", new Map([[true, 1]])]]),
  { $bytes: "not bytes" },
  { $$bytes: "nor this" },
  { $map: [] },
  { $float: "1", other: 2 },
  { $bytes: { $bytes: "AAEC" } },
];

for (const value of VALUES) {
  test(`stored text gives back ${printStored(value).slice(0, 40)}`, () => {
    assert.deepEqual(parseStored(printStored(value)), value);
  });
}

test("negative zero and nan survive", () => {
  assert.equal(Object.is((parseStored(printStored(-0)) as unknown as LuaFloat).value, -0), true);
  assert.equal(Number.isNaN(parseStored(printStored(NaN))), true);
});

test("plain JSON of others is read", () => {
  assert.deepEqual(parseStored(' {"a": [1, 2.0, null, 12345678901234567890]} '), {
    a: [1, new LuaFloat(2), null, new LuaFloat(12345678901234567890)],
  } as never);
});

test("what can't be stored is refused", () => {
  assert.throws(() => printStored(new LuaError("x", "")), (error: Failure) => error.kind === "Invalid");
  let deep: unknown = 1;
  for (let i = 0; i < 200; i++) deep = [deep];
  assert.throws(() => printStored(deep), /nested too deep/);
  assert.throws(() => parseStored("{"), (error: Failure) => error.kind === "Invalid");
});
