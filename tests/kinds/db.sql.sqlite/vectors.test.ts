/** Vectors in SQLite databases. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../../src/core/mod.ts";
import { withApplication } from "../../application.ts";
import { entry, HEAD, main } from "../../lua_entries.ts";

const PROJECT = HEAD + "  - { name: db, kind: db.sql.sqlite, file: ':memory:' }\n" + entry(
  "sql",
  "function.lua",
  main(`
local db = assert(sql.get("app:db"))
local rows, err = db:query(...)
db:release()
if err then return err:kind() .. ": " .. err:message() end
return rows[1]`),
  "method: main\nmodules: [sql]",
);

test("databases know vectors: lists and BLOBs, their lengths and distances", () =>
  withApplication(PROJECT, async (app) => {
    const value = async (expression: string, ...params: Value[]): Promise<Value> => {
      const row = await app.call("app:sql", `SELECT ${expression} AS v`, params);
      return typeof row === "string" ? row : (row as ValueMap)["v"] ?? null;
    };
    assert.equal(await value("hex(vec_f32('[1, -2.5]'))"), "0000803F000020C0");
    assert.equal(await value("vec_to_json(vec_f32(?))", "[0.5, 2, 3]"), "[0.5,2,3]");
    assert.equal(await value("vec_length(vec_f32('[1,2,3]'))"), 3);
    assert.equal(await value("vec_distance_cosine('[1,0]', '[0,2]')"), 1);
    assert.equal(await value("vec_distance_cosine(vec_f32('[1,1]'), '[2,2]') < 1e-9"), 1);
    assert.equal(await value("vec_distance_cosine('[1,0]', '[-3,0]')"), 2);
    assert.equal(await value("vec_distance_cosine('[0,0]', '[1,0]')"), null);
    assert.equal(await value("vec_distance_l2('[1,2]', '[4,6]')"), 5);
    assert.equal(await value("vec_distance_l2(NULL, '[4,6]')"), null);
    for (
      const [expression, why] of [
        ["vec_f32('no list')", "a vector is a BLOB of 32-bit floats, or a JSON list of numbers"],
        ["vec_f32('[]')", "a vector is a BLOB"],
        ["vec_f32('[1, \"a\"]')", "a vector is a BLOB"],
        ["vec_f32(5)", "a vector is a BLOB"],
        ["vec_length(x'0102')", "a vector has 4 bytes for each number, not 2 in all"],
        ["vec_distance_l2('[1]', '[1,2]')", "vectors of 1 and of 2 numbers"],
      ] as const
    ) {
      const told = await value(expression);
      assert.ok(typeof told === "string" && told.startsWith("Invalid: "), `${expression}: ${told}`);
      assert.ok(told.includes(why), `${expression}: ${told}`);
    }
    // What went wrong leaves the connection as it was.
    assert.equal(await value("1 + 1"), 2);
  }));
