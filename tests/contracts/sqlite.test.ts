/** Contract of the Sqlite port. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Failure, FailureKind, Value } from "../../src/core/mod.ts";
import type { SqliteConnection } from "../../src/ports/mod.ts";
import { inWorld, WORLDS } from "./worlds.ts";

function failsWith(kind: FailureKind, message: RegExp, act: () => unknown): void {
  assert.throws(act, (error: Failure) => {
    assert.equal(error.kind, kind, error.message);
    assert.match(error.message, message);
    return true;
  });
}

/** The rows without their prototype, which differs between runtimes. */
function rows(connection: SqliteConnection, sql: string, ...params: Value[]): unknown[] {
  return connection.prepare(sql).all(params).map((row) => ({ ...row }));
}

for (const world of WORLDS) {
  test(`sqlite (${world}): values keep their types`, () =>
    inWorld(world, ({ ports: { sqlite } }) => {
      const db = sqlite.open(":memory:");
      const types = "SELECT typeof(?) AS t";
      for (
        const [value, type] of [[1, "integer"], [1.5, "real"], ["x", "text"], [null, "null"], [
          true,
          "integer",
        ], [2n ** 62n, "integer"]] as const
      ) {
        assert.deepEqual(rows(db, types, value), [{ t: type }]);
      }
      assert.deepEqual(rows(db, types, new Uint8Array([1])), [{ t: "blob" }]);
      db.exec("CREATE TABLE t (i INTEGER, r REAL, s TEXT, b BLOB)");
      const insert = db.prepare("INSERT INTO t VALUES (?, ?, ?, ?)");
      assert.equal(insert.returnsRows, false);
      assert.deepEqual(insert.run([7, 2.5, "é", new Uint8Array([0, 255])]), {
        changes: 1,
        lastInsertRowid: 1,
      });
      const [row] = rows(db, "SELECT * FROM t") as { i: number; r: number; s: string; b: Uint8Array }[];
      assert.equal(row!.i, 7);
      assert.equal(row!.r, 2.5);
      assert.equal(row!.s, "é");
      assert.deepEqual([...row!.b], [0, 255]);
      db.close();
    }));

  test(`sqlite (${world}): integers beyond 53 bits are bigints, others numbers`, () =>
    inWorld(world, ({ ports: { sqlite } }) => {
      const db = sqlite.open(":memory:");
      const select = db.prepare("SELECT ? AS n");
      assert.deepEqual({ ...select.all([5])[0] }, { n: 5 });
      assert.deepEqual({ ...select.all([2n ** 60n])[0] }, { n: 2n ** 60n });
      assert.deepEqual({ ...select.all([5])[0] }, { n: 5 });
      assert.deepEqual({ ...select.all([-(2n ** 63n)])[0] }, { n: -(2n ** 63n) });
      assert.deepEqual({ ...select.all([Number.MAX_SAFE_INTEGER])[0] }, { n: Number.MAX_SAFE_INTEGER });
      db.close();
    }));

  test(`sqlite (${world}): a statement that changes and returns rows runs once`, () =>
    inWorld(world, ({ ports: { sqlite } }) => {
      const db = sqlite.open(":memory:");
      db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, big INTEGER)");
      const insert = db.prepare("INSERT INTO t (big) VALUES (?) RETURNING id, big");
      assert.equal(insert.returnsRows, true);
      assert.deepEqual({ ...insert.all([2n ** 60n])[0] }, { id: 1, big: 2n ** 60n });
      assert.deepEqual(rows(db, "SELECT count(*) AS n FROM t"), [{ n: 1 }]);
      const changing = db.prepare(
        "WITH v(x) AS (VALUES (?)) INSERT INTO t (big) SELECT x FROM v RETURNING big",
      );
      changing.all([2n ** 61n]);
      assert.deepEqual(rows(db, "SELECT count(*) AS n FROM t"), [{ n: 2 }]);
      db.close();
    }));

  test(`sqlite (${world}): failures say what is wrong`, () =>
    inWorld(world, ({ ports: { sqlite }, folder }) => {
      const db = sqlite.open(":memory:");
      failsWith("Invalid", /syntax error/, () => db.prepare("SELEC 1"));
      failsWith("Invalid", /no such table/, () => db.prepare("SELECT * FROM missing"));
      db.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT NOT NULL UNIQUE)");
      const insert = db.prepare("INSERT INTO t (v) VALUES (?)");
      insert.run(["a"]);
      failsWith("AlreadyExists", /UNIQUE constraint failed: t\.v/, () => insert.run(["a"]));
      failsWith("Invalid", /NOT NULL constraint failed: t\.v/, () => insert.run([null]));
      failsWith("Invalid", /parameter/, () => insert.run([{}]));
      failsWith("Invalid", /out of range/, () => insert.run(["x", "y"]));
      db.close();
      if (world === "system") {
        failsWith("Unavailable", /unable to open/, () => sqlite.open(`${folder}/none/x.db`));
      }
    }));

  test(`sqlite (${world}): connections to one path see each other, a read-only one does not write`, () =>
    inWorld(world, ({ ports: { sqlite }, folder }) => {
      const path = `${folder}/shared.db`;
      const one = sqlite.open(path);
      one.exec("CREATE TABLE t (v); INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)");
      const other = sqlite.open(path, { readonly: true });
      assert.deepEqual(rows(other, "SELECT sum(v) AS s FROM t"), [{ s: 3 }]);
      failsWith("PermissionDenied", /readonly/, () => other.exec("INSERT INTO t VALUES (3)"));
      other.close();
      one.close();
    }));

  test(`sqlite (${world}): a statement prepared again is the same, and many do not pile up`, () =>
    inWorld(world, ({ ports: { sqlite } }) => {
      const db = sqlite.open(":memory:");
      assert.equal(db.prepare("SELECT 1 AS n"), db.prepare("SELECT 1 AS n"));
      for (let i = 0; i < 1000; i++) db.prepare(`SELECT ${i} AS n`).all([]);
      assert.notEqual(db.prepare("SELECT 1 AS n"), db.prepare("SELECT 1 AS m"));
      assert.deepEqual(rows(db, "SELECT 999 AS n"), [{ n: 999 }]);
      db.close();
    }));

  test(`sqlite (${world}): a statement says so when it has been dropped`, () =>
    inWorld(world, ({ ports: { sqlite } }) => {
      for (const exact of [true, false]) {
        const db = sqlite.open(":memory:", { exact });
        const first = db.prepare("SELECT 1 AS n");
        first.all([]);
        db.prepare("SELECT 2 AS n").all([]);
        assert.equal(first.isStale, false);
        db.prepare("CREATE TABLE t (a)").run([]);
        assert.equal(first.isStale, true);
        const again = db.prepare("SELECT 1 AS n");
        assert.equal(again.isStale, false);
        for (let i = 0; i < 1000; i++) db.prepare(`SELECT ${i} AS m`);
        assert.equal(again.isStale, true);
        const last = db.prepare("SELECT 3 AS n");
        db.close();
        assert.equal(last.isStale, true);
      }
    }));

  test(`sqlite (${world}): a parameter left out is NULL, whatever was bound before`, () =>
    inWorld(world, ({ ports: { sqlite } }) => {
      const db = sqlite.open(":memory:");
      const select = db.prepare("SELECT ? AS a, ? AS b");
      assert.deepEqual({ ...select.all([1, 2])[0] }, { a: 1, b: 2 });
      assert.deepEqual({ ...select.all([3])[0] }, { a: 3, b: null });
      db.close();
    }));
}
