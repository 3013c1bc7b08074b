/** `db.sql.sqlite`: where a database is, how many connections it has, and how it changes while it runs. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Value, ValueMap } from "../../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { entry, HEAD, main, refusalOf } from "../../lua_entries.ts";

const FUNCTIONS = HEAD +
  entry(
    "run",
    "function.lua",
    main(`
local id, statement, params = ...
local db, err = sql.get(id)
if err then return err:kind() .. ": " .. err:message() end
local rows
if statement:upper():find("^SELECT") or statement:upper():find("^PRAGMA") then rows, err = db:query(statement, params)
else rows, err = db:execute(statement, params) end
if err then return err:kind() .. ": " .. err:message() end
return rows`),
    "method: main\nmodules: [sql]",
  ) +
  entry(
    "stats",
    "function.lua",
    main(`return (sql.get((...)):stats())`),
    "method: main\nmodules: [sql]",
  ) +
  entry(
    "slow_transaction",
    "function.lua",
    main(`
local db = sql.get("app:db")
local tx = assert(db:begin())
assert(tx:execute("INSERT INTO t VALUES (?)", { (...) }))
time.sleep("1s")
local ok, err = tx:commit()
return err and err:message() or ok`),
    "method: main\nmodules: [sql, time]",
  );

function database(more: string, name = "db"): string {
  return `  - { name: ${name}, kind: db.sql.sqlite, ${more} }\n`;
}

function run(app: TestApplication, statement: string, id = "app:db"): Promise<Value> {
  return app.call("app:run", id, statement, []);
}

async function rows(app: TestApplication, statement: string, id = "app:db"): Promise<ValueMap[]> {
  return await run(app, statement, id) as ValueMap[];
}

async function update(app: TestApplication, data: ValueMap): Promise<void> {
  const { registry } = app.application;
  await registry.apply([{ kind: "entry.update", entry: { ...registry.get("app:db")!, data } }]);
}

test("a file is made with its folder and in WAL mode; its data is there after a restart of the entry [kind.db.sql.sqlite]", () =>
  withApplication(
    FUNCTIONS + database("file: data/deep/a.db, options: { journal_mode: DELETE }"),
    async (app) => {
      assert.equal(existsSync(join(app.folder, "data/deep/a.db")), true);
      assert.deepEqual(
        await rows(app, "PRAGMA journal_mode"),
        [{ journal_mode: "wal" }],
        "options are ignored",
      );
      await run(app, "CREATE TABLE t (v)");
      await run(app, "INSERT INTO t VALUES (1)");
      const { registry } = app.application;
      const db = registry.get("app:db")!;
      await registry.apply([{ kind: "entry.delete", id: "app:db" }]);
      assert.match(String(await run(app, "SELECT 1")), /^NotFound/);
      await registry.apply([{ kind: "entry.create", entry: db }]);
      assert.deepEqual(await rows(app, "SELECT v FROM t"), [{ v: 1 }]);
    },
  ));

test("databases in memory are separate, also under one name of SQLite [kind.db.sql.sqlite] [x.sqlite.path]", () =>
  withApplication(
    FUNCTIONS + database(`file: ":memory:"`) + database(`path: "file::memory:?cache=shared"`, "other"),
    async (app) => {
      await run(app, "CREATE TABLE t (v)");
      assert.deepEqual(await rows(app, "SELECT * FROM t"), []);
      assert.match(String(await run(app, "SELECT * FROM t", "app:other")), /no such table: t/);
      assert.equal(existsSync(join(app.folder, ":memory:")), false);
    },
  ));

test("a database must be named, and be a file that can be opened [kind.db.sql.sqlite]", () =>
  withApplication({
    "src/_index.yaml": FUNCTIONS,
    "folder/x": "",
    "text.db": "this is no database, only a text that is long enough\n",
  }, async (app) => {
    const refusal = (data: ValueMap) => refusalOf(app, "app:bad", "db.sql.sqlite", data);
    assert.match((await refusal({})).message, /file: a path or :memory: is required/);
    assert.match((await refusal({ file: "folder" })).message, /folder is a directory/);
    assert.match((await refusal({ file: "text.db" })).message, /can't open .*text\.db: .*not a database/);
    assert.match(
      (await refusal({ file: "x.db", pool: { max_lifetime: "soon" } })).message,
      /pool\.max_lifetime/,
    );
    assert.equal(existsSync(join(app.folder, "x.db")), false, "a refused entry makes no file");
  }));

test("there is one connection, whatever the pool says [kind.db.sql.sqlite]", () =>
  withApplication(
    FUNCTIONS + database("file: a.db, pool: { max_open: 25, max_idle: 5 }"),
    async (app) => {
      const stats = await app.call("app:stats", "app:db") as ValueMap;
      assert.deepEqual([stats["max_open_connections"], stats["open_connections"]], [1, 1]);
      await run(app, "CREATE TABLE t (v)");
      const slow = app.call("app:slow_transaction", "tx");
      const counted = run(app, "SELECT count(*) AS n FROM t");
      assert.deepEqual(
        [await counted, await slow],
        [[{ n: 1 }], true],
        "the query waited for the transaction",
      );
    },
  ));

test("a connection in memory outlives max_lifetime: its data would be lost [kind.db.sql.sqlite]", () =>
  withApplication(
    FUNCTIONS + database(`file: "file:one.db?mode=memory", pool: { max_lifetime: 5s }`),
    async (app) => {
      await run(app, "CREATE TABLE t (v)");
      await app.world!.clock.sleep(60_000);
      assert.deepEqual(await rows(app, "SELECT * FROM t"), []);
      assert.equal((await app.call("app:stats", "app:db") as ValueMap)["max_lifetime_closed"], 0);
    },
    { simulated: true },
  ));

test("a connection to a file is replaced when its time is over [kind.db.sql.sqlite]", () =>
  withApplication(FUNCTIONS + database("file: a.db, pool: { max_lifetime: 5ms }"), async (app) => {
    await run(app, "CREATE TABLE t (v)");
    await app.until(async () => {
      await run(app, "INSERT INTO t VALUES (1)");
      return Number((await app.call("app:stats", "app:db") as ValueMap)["max_lifetime_closed"]) > 2;
    }, "a third connection");
    await update(app, { file: "a.db", pool: { max_lifetime: "0" } });
    const before = (await app.call("app:stats", "app:db") as ValueMap)["max_lifetime_closed"];
    await app.call("app:slow_transaction", "x");
    assert.equal(
      (await app.call("app:stats", "app:db") as ValueMap)["max_lifetime_closed"],
      before,
      "0 is never",
    );
  }));

test("a change moves to another file; a transaction in progress ends on the old one [kind.db.sql.sqlite] [kind.update.live]", () =>
  withApplication(FUNCTIONS + database("file: a.db"), async (app) => {
    await run(app, "CREATE TABLE t (v)");
    const slow = app.call("app:slow_transaction", "old");
    await update(app, { file: "b.db" });
    assert.match(String(await run(app, "SELECT * FROM t")), /no such table/);
    assert.equal(await slow, true);
    await update(app, { file: "a.db" });
    assert.deepEqual(await rows(app, "SELECT v FROM t"), [{ v: "old" }]);
    await assert.rejects(update(app, { file: "src" }), { kind: "Invalid" });
    assert.deepEqual(await rows(app, "SELECT v FROM t"), [{ v: "old" }], "a refused change changes nothing");
  }));

test("a database made through the registry works like one of a file [kind.db.sql.runtime]", () =>
  withApplication(
    FUNCTIONS + entry(
      "make",
      "function.lua",
      main(`
local changes = registry.snapshot():changes()
changes:create({ id = "app:made", kind = "db.sql.sqlite", meta = {}, data = { file = "made.db", lifecycle = { auto_start = true } } })
changes:create({ id = "app:cache", kind = "store.sql", meta = {}, data = { database = "app:made", table_name = "kv" } })
local version, err = changes:apply()
return err and err:message() or "made"`),
      "method: main\nmodules: [registry]",
    ) + entry(
      "use_cache",
      "function.lua",
      main(`
local s = assert(store.get("app:cache"))
assert(s:set("k", { 1, 2 }))
return (s:get("k"))`),
      "method: main\nmodules: [store]",
    ),
    async (app) => {
      assert.equal(await app.call("app:make"), "made");
      assert.equal(app.application.supervisor.state("app:made")?.status, "running");
      await run(
        app,
        "CREATE TABLE kv (key TEXT PRIMARY KEY, value BLOB NOT NULL, expires_at INTEGER)",
        "app:made",
      );
      assert.deepEqual(await app.call("app:use_cache"), [1, 2]);
      assert.equal((await rows(app, "SELECT count(*) AS n FROM kv", "app:made"))[0]!["n"], 1);
    },
  ));
