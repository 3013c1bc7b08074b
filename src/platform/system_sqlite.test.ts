/** A query that is asked for one row gives all that it has. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { SqliteConnection } from "../ports/mod.ts";
import { SystemSqlite } from "./system_sqlite.ts";

/** Enough for whatever is found out on the way. */
const RUNS = 50;

function opened(path: string): SqliteConnection {
  const connection = new SystemSqlite().open(path, { exact: true });
  connection.exec("CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT UNIQUE, price REAL)");
  connection.exec("INSERT INTO item VALUES (1, 'one', 1.5), (2, 'two', 1.5), (3, 'three', 2)");
  return connection;
}

/** How many rows each of `RUNS` runs gives. */
function counts(connection: SqliteConnection, sql: string, param: string | number | bigint): number[] {
  return Array.from({ length: RUNS }, () => connection.prepare(sql).all([param]).length);
}

const QUERIES: readonly (readonly [sql: string, param: string | number | bigint, rows: number])[] = [
  ["SELECT id, name FROM item WHERE id = ?", 1n, 1],
  ["SELECT id FROM item WHERE id = ?", 9n, 0],
  ["SELECT * FROM item WHERE name = ?", "two", 1],
  ["SELECT * FROM item WHERE price = ?", 1.5, 2],
  ["SELECT id FROM item WHERE id >= ?", 1n, 3],
  ["SELECT id FROM item WHERE id = ? OR id = 2", 1n, 2],
  ["SELECT id FROM item WHERE id = ? UNION ALL SELECT id FROM item WHERE id = 3", 1n, 2],
  ["SELECT count(*) AS n FROM item WHERE id > ?", 0n, 1],
  ["SELECT price, count(*) FROM item WHERE id > ? GROUP BY price", 0n, 2],
  ["SELECT a.id, b.id FROM item a JOIN item b ON a.price = b.price WHERE a.id = ?", 1n, 2],
  ["WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?) SELECT i FROM n", 5n, 5],
  ["VALUES (?), (2)", 1n, 2],
];

for (const place of ["memory", "file"]) {
  test(`a query gives as many rows however often it has run, ${place}`, () => {
    const folder = mkdtempSync(join(tmpdir(), "sqlite-"));
    const connection = opened(place === "memory" ? ":memory:" : join(folder, "some.db"));
    try {
      for (const [sql, param, rows] of QUERIES) {
        assert.deepEqual(counts(connection, sql, param), Array(RUNS).fill(rows), sql);
      }
    } finally {
      connection.close();
      rmSync(folder, { recursive: true });
    }
  });
}

test("a query by what is no key any more gives all rows, and a change that returns its row is made whole", () => {
  const connection = opened(":memory:");
  const sql = "SELECT name FROM item WHERE id = ?";
  assert.deepEqual(counts(connection, sql, 1n), Array(RUNS).fill(1));
  connection.prepare("DROP TABLE item").run([]);
  connection.prepare("CREATE TABLE item (id INTEGER, name TEXT)").run([]);
  const insert = connection.prepare("INSERT INTO item VALUES (?, 'again') RETURNING id");
  for (let i = 0; i < RUNS; i++) assert.deepEqual(insert.all([1n]).map(({ id }) => id), [1n]);
  assert.deepEqual(counts(connection, sql, 1n), Array(RUNS).fill(RUNS));
  connection.close();
});
