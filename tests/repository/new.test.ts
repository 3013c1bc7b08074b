import assert from "node:assert/strict";
import { test } from "node:test";
import { skeleton } from "../../scripts/new.ts";

test("new: a module comes with types and a case", () => {
  const files = skeleton("module", "hash");
  assert.deepEqual(Object.keys(files), [
    "std/hash/mod.ts",
    "std/hash/hash.d.lua",
    "tests/lua/std/hash/identity.lua",
  ]);
  assert.match(files["std/hash/mod.ts"]!, /name: "hash"/);
});

test("new: a kind lives in the folder of its first word and has a project", () => {
  const files = skeleton("kind", "db.sql.sqlite");
  assert.deepEqual(Object.keys(files), [
    "src/kinds/db/sql_sqlite.ts",
    "tests/kinds/db.sql.sqlite/_index.yaml",
  ]);
});

test("new: a rule needs a code, and names must fit", () => {
  assert.deepEqual(Object.keys(skeleton("rule", "no_self_compare", "W0003")), [
    "src/lang/rules/no_self_compare.ts",
    "tests/diagnostics/W0003/valid.lua",
    "tests/diagnostics/W0003/invalid.lua",
  ]);
  assert.throws(() => skeleton("rule", "no_self_compare"), /does not fit/);
  assert.throws(() => skeleton("module", "../x"), /does not fit/);
  assert.throws(() => skeleton("thing", "x"), /module, kind or rule/);
});
