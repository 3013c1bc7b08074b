import assert from "node:assert/strict";
import { test } from "node:test";
import { integer, late, list, object, reference, string } from "./schema.ts";

function decode<T>(
  field: { decode(value: never, scope: { path: string; ns: string; references: string[] }): T },
  value: unknown,
): T {
  return field.decode(value as never, { path: "", ns: "app", references: [] });
}

test("a late record is told once, when one is first decoded, and says what is wrong as any other", () => {
  let told = 0;
  const inner = late(() => {
    told++;
    return { size: integer({ default: 3 }), name: string({ default: "none" }) };
  });
  const outer = object({ inner, other: string({ default: "x" }) });
  assert.equal(told, 0);
  const absent = decode(outer, {});
  assert.deepEqual(Object.keys(absent), ["inner", "other"]);
  assert.deepEqual(absent.inner, { size: 3, name: "none" });
  assert.deepEqual(decode(outer, { inner: { size: 5 } }), { inner: { size: 5, name: "none" }, other: "x" });
  assert.throws(() => decode(outer, { inner: { size: "many" } }), {
    kind: "Invalid",
    message: /^inner\.size: expected a whole number/,
  });
  assert.equal(told, 1);
});

test("a late record tells its fields and references as any other", () => {
  const record = late(() => ({ uses: list(reference()) }));
  assert.deepEqual(Object.keys(record.fields), ["uses"]);
  const found: string[] = [];
  object({ record }).references!({ record: { uses: ["one", "lib:two"] } }, "app", found);
  assert.deepEqual(found, ["app:one", "lib:two"]);
});
