/** `store.sql`: its table and columns, expiry, cleanup, and what of it is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { entry, HEAD, main, refusalOf } from "../../lua_entries.ts";
import { USE } from "../store_project.ts";

const SIMULATED = { simulated: true };

function project(more: string): string {
  return `${HEAD}  - { name: db, kind: db.sql.sqlite, file: ":memory:" }
  - { name: store, kind: store.sql, database: db, table_name: kv${more} }
` +
    USE +
    entry(
      "sql",
      "function.lua",
      main(`
local db = sql.get("app:db")
if (...):find("^SELECT") then return db:query((...)) end
return db:execute((...))`),
      "method: main\nmodules: [sql]",
    );
}

function use(app: TestApplication, method: string, ...args: (string | number)[]): Promise<Value> {
  return app.call("app:use", method, ...args);
}

async function rows(app: TestApplication, statement: string): Promise<ValueMap[]> {
  return await app.call("app:sql", statement) as ValueMap[];
}

const TABLE = "CREATE TABLE kv (key VARCHAR(255) PRIMARY KEY, value BYTEA NOT NULL, expires_at BIGINT)";

test("pairs stand in the documented columns: text key, value, expiry in Unix seconds or NULL [kind.store.sql] [kind.store.sql.table]", () =>
  withApplication(project(""), async (app) => {
    await app.call("app:sql", TABLE);
    await use(app, "set", "forever", "v");
    await use(app, "set", "soon", 7, 90);
    const now = Math.floor(app.world!.clock.nowMs() / 1000);
    assert.deepEqual(await rows(app, "SELECT key, value, expires_at FROM kv ORDER BY key"), [
      { key: "forever", value: '"v"' },
      { key: "soon", value: "7", expires_at: now + 90 },
    ]);
    await app.call("app:sql", "UPDATE kv SET value = '{\"by\": [\"hand\"]}' WHERE key = 'forever'");
    assert.deepEqual(await use(app, "get", "forever"), { by: ["hand"] });
  }, SIMULATED));

test("columns may have other names [kind.store.sql]", () =>
  withApplication(
    project(", id_column_name: k, payload_column_name: p, expire_column_name: until_s"),
    async (app) => {
      await app.call("app:sql", "CREATE TABLE kv (k TEXT PRIMARY KEY, p BLOB NOT NULL, until_s INTEGER)");
      await use(app, "set", "a", 1, 5);
      assert.equal(await use(app, "get", "a"), 1);
      assert.equal((await rows(app, "SELECT k FROM kv WHERE until_s IS NOT NULL")).length, 1);
    },
    SIMULATED,
  ));

test("database and table_name are required, table is not recognised, names must be plain [kind.store.sql]", () =>
  withApplication(project(""), async (app) => {
    const refusal = async (data: ValueMap): Promise<string> => {
      const failure = await refusalOf(app, "app:bad", "store.sql", data);
      assert.equal(failure.kind, "Invalid");
      return failure.message;
    };
    assert.match(await refusal({ table_name: "kv" }), /database/);
    assert.match(await refusal({ database: "app:db" }), /table_name/);
    assert.match(await refusal({ database: "app:db", table: "kv" }), /table_name/);
    for (const name of ["kv; DROP TABLE kv", 'k"v', "k v", "1kv", "", "a.b.c", "k`v", "ключ"]) {
      assert.match(await refusal({ database: "app:db", table_name: name }), /table_name/, name);
    }
    for (const field of ["id_column_name", "payload_column_name", "expire_column_name"]) {
      const message = await refusal({ database: "app:db", table_name: "kv", [field]: "v) OR (1=1" });
      assert.match(message, new RegExp(`${field}: .*not a valid name`));
    }
  }, SIMULATED));

test("expired rows stay in the table until cleanup, which never runs by default [kind.store.sql] [store.ttl]", async () => {
  for (
    const [more, left] of [["", 2], [", cleanup_interval: 10s", 1], [", cleanup_interval: 0s", 2]] as const
  ) {
    await withApplication(project(more), async (app) => {
      await app.call("app:sql", TABLE);
      await use(app, "set", "gone", 1, 2);
      await use(app, "set", "stays", 1);
      await app.world!.clock.sleep(30_000);
      assert.equal(await use(app, "get", "gone"), "NotFound: key not found");
      assert.equal((await rows(app, "SELECT key FROM kv")).length, left, more);
    }, SIMULATED);
  }
});

test("a table that is missing fails each use, a cleanup that fails is logged; both work once it is there [kind.store.sql]", () =>
  withApplication(project(", cleanup_interval: 10s"), async (app) => {
    assert.match(String(await use(app, "get", "k")), /no such table: kv/);
    await app.world!.clock.sleep(11_000);
    const warned = app.logs.find(({ message }) => message === "store cleanup failed");
    assert.match(String(warned?.fields["error"]), /no such table: kv/);
    await app.call("app:sql", TABLE);
    assert.equal(await use(app, "set", "k", 1, 1), true);
    await app.world!.clock.sleep(20_000);
    assert.equal((await rows(app, "SELECT key FROM kv")).length, 0);
  }, SIMULATED));

test("pairs outlive the entry: they belong to the database [kind.store.sql]", () =>
  withApplication(project(""), async (app) => {
    await app.call("app:sql", TABLE);
    await use(app, "set", "k", "kept");
    const { registry } = app.application;
    const store = registry.get("app:store")!;
    await registry.apply([{ kind: "entry.delete", id: "app:store" }]);
    await registry.apply([{ kind: "entry.create", entry: store }]);
    assert.equal(await use(app, "get", "k"), "kept");
  }, SIMULATED));
