/** Names that users choose mean nothing of what objects of the language have by themselves. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { schema, type ValueMap } from "../../src/core/mod.ts";
import { createPorts } from "../../src/platform/mod.ts";

test("a map of an entry keeps a key called __proto__", () => {
  const given = JSON.parse(`{"__proto__": "one", "constructor": "two"}`) as ValueMap;
  const decoded = schema.map(schema.string()).decode(given, { path: "", ns: "", references: [] });
  assert.deepEqual(Object.entries(decoded), [["__proto__", "one"], ["constructor", "two"]]);
});

test("no variable of the system is called like what every object has", () => {
  const { osVariable } = createPorts();
  assert.equal(typeof osVariable("PATH"), "string");
  for (const name of ["constructor", "toString", "__proto__"]) assert.equal(osVariable(name), undefined);
});
