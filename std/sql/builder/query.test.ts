import { test } from "node:test";
import assert from "node:assert/strict";
import type { Failure } from "../../../src/core/mod.ts";
import { LuaPayload } from "../../../src/vm/mod.ts";
import { type Comparison, comparison, conjunction, raw } from "./condition.ts";
import { type Operand, withPlaceholders } from "./fragment.ts";
import { type Dialect, EMPTY_QUERIES, printQuery, type Query, subquery } from "./query.ts";

const NULL = new LuaPayload("sql/null", null);
const users = { ...EMPTY_QUERIES.select, table: "users", columns: [raw("id", []), raw("name", [])] };

function when(kind: Comparison, columns: Record<string, Operand>) {
  return comparison(kind, new Map(Object.entries(columns)));
}

function prints(query: Query, text: string, args: unknown[] = [], dialect: Dialect = "unknown"): void {
  assert.deepEqual(printQuery(query, dialect), { text, args });
}

test("select has its clauses in SQL's order", () => {
  prints(
    {
      ...users,
      distinct: true,
      joins: [raw("LEFT JOIN orders o ON o.user = users.id AND o.kind = ?", ["x"])],
      where: [when("eq", { b: 2, a: 1 }), raw("c > ? OR d", [3])],
      groupBy: ["id", "name"],
      having: [when("gt", { "COUNT(*)": 4 })],
      orderBy: [raw("name ASC", []), raw("id", [])],
      limit: 10,
      offset: 20,
      suffixes: [raw("FOR UPDATE", [])],
    },
    "SELECT DISTINCT id, name FROM users LEFT JOIN orders o ON o.user = users.id AND o.kind = ? " +
      "WHERE a = ? AND b = ? AND (c > ? OR d) GROUP BY id, name HAVING COUNT(*) > ? ORDER BY name ASC, id LIMIT 10 OFFSET 20 FOR UPDATE",
    ["x", 1, 2, 3, 4],
  );
});

test("conditions know NULL, lists and combinations", () => {
  const cases: [ReturnType<typeof when>, string, unknown[]][] = [
    [when("eq", { a: NULL, b: [1, 2] }), "a IS NULL AND b IN (?,?)", [1, 2]],
    [when("not_eq", { a: null, b: [1] }), "a IS NOT NULL AND b NOT IN (?)", [1]],
    [when("eq", { a: [] }), "(1=0)", []],
    [when("not_eq", { a: [] }), "(1=1)", []],
    [when("eq", {}), "(1=1)", []],
    [when("like", { a: "x%" }), "a LIKE ?", ["x%"]],
    [when("not_like", { a: "x" }), "a NOT LIKE ?", ["x"]],
    [when("lte", { a: 1 }), "a <= ?", [1]],
    [when("gte", { a: raw("b + ?", [1]) }), "a >= b + ?", [1]],
    [
      conjunction("OR", [when("eq", { a: 1 }), conjunction("AND", [when("lt", { b: 2 }), raw("c", [])])]),
      "(a = ? OR (b < ? AND c))",
      [1, 2],
    ],
    [conjunction("AND", []), "(1=1)", []],
    [conjunction("OR", []), "(1=0)", []],
    [
      raw("x IN ? AND y = ?", [subquery({ ...users, where: [when("eq", { z: 9 })] }), 5]),
      "x IN (SELECT id, name FROM users WHERE z = ?) AND y = ?",
      [9, 5],
    ],
  ];
  for (const [condition, text, args] of cases) assert.deepEqual(condition.toSql(), { text, args });
  assert.throws(() => when("lt", { a: NULL }).toSql(), /NULL can't be compared/);
  assert.throws(() => when("like", { a: [1] }).toSql(), /a list can't be compared/);
});

test("insert writes rows, expressions and selects", () => {
  const insert = { ...EMPTY_QUERIES.insert, table: "t", columns: ["a", "b"] };
  prints(
    { ...insert, rows: [[1, NULL], ["x", raw("NOW()", [])]] },
    "INSERT INTO t (a,b) VALUES (?,?),(?,NOW())",
    [1, NULL, "x"],
  );
  prints(
    {
      ...insert,
      select: { ...users, where: [when("eq", { z: 1 })] },
      options: ["OR", "IGNORE"],
      suffixes: [raw("RETURNING ?", [7])],
    },
    "INSERT OR IGNORE INTO t (a,b) SELECT id, name FROM users WHERE z = ? RETURNING ?",
    [1, 7],
  );
  prints(
    { ...insert, prefixes: [raw("WITH q AS (SELECT ?)", [0])], rows: [[1, 2]] },
    "WITH q AS (SELECT ?) INSERT INTO t (a,b) VALUES (?,?)",
    [0, 1, 2],
  );
  assert.throws(() => printQuery({ ...insert, rows: [[1]] }), /2 columns but 1 values/);
});

test("update and delete are bounded as each database can", () => {
  const update = {
    ...EMPTY_QUERIES.update,
    table: "t",
    sets: [["a", 1], ["b", raw("b + ?", [2])]] as [string, Operand][],
    where: [when("eq", { c: 3 })],
  };
  prints(update, "UPDATE t SET a = ?, b = b + ? WHERE c = ?", [1, 2, 3]);
  prints({ ...update, limit: 5 }, "UPDATE t SET a = ?, b = b + ? WHERE c = ? LIMIT 5", [1, 2, 3], "mysql");
  prints(
    { ...update, limit: 5 },
    "UPDATE t SET a = ?, b = b + ? WHERE rowid IN (SELECT rowid FROM t WHERE c = ? LIMIT 5)",
    [1, 2, 3],
    "sqlite",
  );
  prints(
    { ...EMPTY_QUERIES.delete, table: "t", orderBy: [raw("a DESC", [])], offset: 2 },
    "DELETE FROM t WHERE rowid IN (SELECT rowid FROM t ORDER BY a DESC LIMIT -1 OFFSET 2)",
    [],
    "sqlite",
  );
  prints(
    { ...EMPTY_QUERIES.delete, table: "t", where: [when("eq", { a: 1 })], limit: 1 },
    "DELETE FROM t WHERE ctid IN (SELECT ctid FROM t WHERE a = $1 LIMIT 1)",
    [1],
    "postgres",
  );
  prints(
    { ...update, from: raw("? AS s", [subquery(users)]) },
    "UPDATE t SET a = ?, b = b + ? FROM (SELECT id, name FROM users) AS s WHERE c = ?",
    [1, 2, 3],
  );
});

test("marks are numbered outside of quotes and comments", () => {
  const text = "a = ? AND b = '?''?' AND \"c?\" = ? -- ?\n AND d ?? ? /* ? */ AND `e?` = ?";
  assert.equal(
    withPlaceholders(text, "dollar"),
    "a = $1 AND b = '?''?' AND \"c?\" = $2 -- ?\n AND d ? $3 /* ? */ AND `e?` = $4",
  );
  assert.equal(withPlaceholders("? ?", "at"), "@p1 @p2");
  assert.equal(withPlaceholders("? ?", "colon"), ":1 :2");
  assert.equal(withPlaceholders("? ??", "question"), "? ??");
});

test("the dialect numbers marks unless the query names a format", () => {
  const query = { ...users, where: [when("eq", { a: 1 })] };
  prints(query, "SELECT id, name FROM users WHERE a = $1", [1], "postgres");
  prints({ ...query, format: "question" }, "SELECT id, name FROM users WHERE a = ?", [1], "postgres");
  prints({ ...query, format: "dollar" }, "SELECT id, name FROM users WHERE a = $1", [1], "sqlite");
});

test("a query without its essentials is Invalid", () => {
  const { select, insert, update } = EMPTY_QUERIES;
  for (
    const query of [
      select,
      insert,
      { ...insert, table: "t" },
      update,
      { ...update, table: "t" },
      EMPTY_QUERIES.delete,
    ]
  ) {
    assert.throws(
      () => printQuery(query),
      (error: Failure) => error.kind === "Invalid" && /needs/.test(error.message),
    );
  }
});
