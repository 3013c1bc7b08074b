/** What a database on a server must do, whichever server it is: pools, changes at run time, callers that go, servers that do. */
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../application.ts";
import { entry, HEAD, main, refusalOf } from "../lua_entries.ts";
import { missing, serviceUrl } from "../services.ts";

/** One kind of server. */
export interface ServerUnderTest {
  readonly kind: string;
  readonly service: string;
  readonly username: string;
  readonly database: string;
  /** Runs for a minute, and holds this text. */
  readonly sleep: string;
  /** Tells apart sessions: one column `id`. */
  readonly session: string;
  /** Sessions that run a statement with `sleep` in it: one column `n`. */
  readonly sleepers: string;
  /** Ends the session of that id. */
  readonly kill: (id: Value) => string;
  readonly textType: string;
}

/** Functions that ask `app:db`. */
export const DATABASE_FUNCTIONS = HEAD +
  entry(
    "run",
    "function.lua",
    main(`
local id, statement = ...
local db, err = sql.get(id)
if err then return err:kind() .. ": " .. err:message() end
local rows
if statement:upper():find("^SELECT") or statement:upper():find("^SHOW") then rows, err = db:query(statement)
else rows, err = db:execute(statement) end
if err then return err:kind() .. "/" .. tostring(err:retryable()) .. ": " .. err:message() end
return rows`),
    "method: main\nmodules: [sql]",
  ) +
  entry("stats", "function.lua", main(`return (sql.get((...)):stats())`), "method: main\nmodules: [sql]") +
  entry(
    "hold",
    "process.lua",
    main(`
local db = sql.get("app:db")
local tx = assert(db:begin())
assert(tx:execute("INSERT INTO " .. (...) .. " VALUES ('held')"))
process.registry.register("holder")
local go = process.listen("go")
go:receive()
local ok, err = tx:commit()
process.registry.register("done " .. tostring(err and err:message() or ok))
go:receive()`),
    "method: main\nmodules: [sql]",
  ) +
  entry(
    "sleeper",
    "process.lua",
    main(`
local how, statement = ...
local db = sql.get("app:db")
process.registry.register("sleeper")
if how == "transaction" then
  local tx = assert(db:begin())
  tx:query(statement)
else
  db:query(statement)
end`),
    "method: main\nmodules: [sql]",
  ) +
  entry(
    "control",
    "function.lua",
    main(`
local what, name, a, b = ...
if what == "spawn" then return tostring(process.spawn(name, "app:host", a, b)) end
local pid = process.registry.lookup(name)
if what == "lookup" then return pid ~= nil end
if what == "end" then return process.terminate(pid) end
return process.send(pid, "go", true)`),
    "method: main",
  ) +
  entry(
    "set",
    "function.lua",
    main(`return (env.set(...))`),
    "method: main\nmodules: [env]",
  );

/** Runs a statement; rows, effect, or kind and message of the failure. */
export function run(app: TestApplication, statement: string, id = "app:db"): Promise<Value> {
  return app.call("app:run", id, statement);
}

/** The rows of a query. */
export async function rows(app: TestApplication, statement: string, id = "app:db"): Promise<ValueMap[]> {
  const result = await run(app, statement, id);
  assert(Array.isArray(result), String(result));
  return result as ValueMap[];
}

async function stats(app: TestApplication): Promise<ValueMap> {
  return await app.call("app:stats", "app:db") as ValueMap;
}

/** Tests a kind against the server that runs, if it does. */
export function serverDatabaseSuite(server: ServerUnderTest): void {
  const skip = missing(server.service);
  const url = serviceUrl(server.service);

  /** The entry `app:db`, with more fields. */
  const database = (more = "", name = "db"): string =>
    `  - { name: ${name}, kind: ${server.kind}, host: ${url?.hostname ?? "x"}, port: ${url?.port || 1}, ` +
    `database: ${server.database}, username: ${server.username}${more === "" ? "" : `, ${more}`} }\n`;
  const data = (more: ValueMap): ValueMap => ({
    host: url?.hostname ?? "x",
    port: Number(url?.port),
    database: server.database,
    username: server.username,
    ...more,
  });
  const table = `${server.kind.replaceAll(".", "_")}_t`;
  const emptyTable = async (app: TestApplication, id = "app:db"): Promise<void> => {
    await run(app, `DROP TABLE IF EXISTS ${table}`, id);
    await run(app, `CREATE TABLE ${table} (v ${server.textType})`, id);
  };
  const values = async (app: TestApplication): Promise<Value[]> =>
    (await rows(app, `SELECT v FROM ${table} ORDER BY v`)).map(({ v }) => v!);

  test(
    `${server.kind}: at most max_open connections, the others wait their turn [kind.db.sql.pool] [sql.db.stats]`,
    { skip },
    () =>
      withApplication(DATABASE_FUNCTIONS + database("pool: { max_open: 2, max_idle: 2 }"), async (app) => {
        const ids = new Set<Value>();
        const answers = await Promise.all(Array.from({ length: 12 }, () => rows(app, server.session)));
        for (const answer of answers) ids.add(answer[0]!["id"]!);
        assert(ids.size <= 2, `${ids.size} sessions`);
        const { max_open_connections, open_connections, in_use, idle, wait_count } = await stats(app);
        assert.deepEqual([max_open_connections, open_connections, in_use, idle], [2, ids.size, 0, ids.size]);
        assert(Number(wait_count) >= 10, `waited ${wait_count} times`);
      }),
  );

  test(`${server.kind}: max_idle connections are kept, none by default [kind.db.sql.pool] [sql.db.stats]`, {
    skip,
  }, () =>
    withApplication(
      DATABASE_FUNCTIONS + database("pool: { max_idle: 1 }") + database("", "none"),
      async (app) => {
        const [first] = await rows(app, server.session);
        assert.deepEqual(await rows(app, server.session), [first], "the same session again");
        await Promise.all([rows(app, server.session), rows(app, server.session), rows(app, server.session)]);
        const kept = await stats(app);
        assert.deepEqual([kept["max_open_connections"], kept["idle"], kept["open_connections"]], [0, 1, 1]);
        assert.equal(kept["max_idle_closed"], 2);
        const [other] = await rows(app, server.session, "app:none");
        assert.notDeepEqual(
          await rows(app, server.session, "app:none"),
          [other],
          "a session of its own each time",
        );
        assert.equal((await app.call("app:stats", "app:none") as ValueMap)["open_connections"], 0);
      },
    ));

  test(`${server.kind}: connections past max_lifetime are replaced [kind.db.sql.pool] [sql.db.stats]`, {
    skip,
  }, () =>
    withApplication(
      DATABASE_FUNCTIONS + database("pool: { max_idle: 1, max_lifetime: 5ms }"),
      async (app) => {
        const ids = new Set<Value>();
        await app.until(async () => {
          ids.add((await rows(app, server.session))[0]!["id"]!);
          return ids.size > 3 && Number((await stats(app))["max_lifetime_closed"]) > 1;
        }, "a fourth session");
        await app.until(async () => (await stats(app))["open_connections"] === 0, "the end of the idle one");
      },
    ));

  test(
    `${server.kind}: values of variables that change swap the pool; what is in progress ends on the old one [kind.db.sql.server] [kind.update.live]`,
    { skip },
    () =>
      withApplication(
        DATABASE_FUNCTIONS +
          `  - { name: storage, kind: env.storage.memory }\n` +
          `  - { name: name, kind: env.variable, variable: DB_NAME, storage: storage, default: ${server.database} }\n` +
          `  - { name: db, kind: ${server.kind}, host: ${url?.hostname}, port: "${url?.port}", database: "\${env:DB_NAME}", ` +
          `username: ${server.username}, pool: { max_open: 4, max_idle: 2 } }\n` + database("", "old"),
        async (app) => {
          await run(app, "DROP DATABASE IF EXISTS wippy_other", "app:old");
          await run(app, "CREATE DATABASE wippy_other", "app:old");
          await emptyTable(app);
          await app.call("app:control", "spawn", "app:hold", table);
          await app.until(
            () => app.call("app:control", "lookup", "holder") as Promise<boolean>,
            "the transaction",
          );
          await app.call("app:set", "DB_NAME", "wippy_other");
          await app.until(
            async () => String(await run(app, `SELECT v FROM ${table}`)).startsWith("Invalid"),
            "the other database, which has no such table",
          );
          await app.call("app:control", "go", "holder");
          await app.until(
            () => app.call("app:control", "lookup", "done true") as Promise<boolean>,
            "the commit",
          );
          assert.deepEqual(await rows(app, `SELECT v FROM ${table}`, "app:old"), [{ v: "held" }]);
          await app.call("app:set", "DB_NAME", server.database);
          await app.until(
            async () => Array.isArray(await run(app, `SELECT v FROM ${table}`)),
            "the way back",
          );
          await app.call("app:control", "go", "done true");
          await run(app, "DROP DATABASE wippy_other", "app:old");
        },
      ),
  );

  for (const how of ["query", "transaction"]) {
    test(
      `${server.kind}: a process that ends takes its running statement with it (${how}) [sql.db.query] [sql.db.release]`,
      { skip },
      () =>
        withApplication(
          DATABASE_FUNCTIONS + database("pool: { max_idle: 1 }") + database("", "watch"),
          async (app) => {
            const sleeping = async () => Number((await rows(app, server.sleepers, "app:watch"))[0]!["n"]);
            await app.call("app:control", "spawn", "app:sleeper", how, server.sleep);
            await app.until(async () => await sleeping() === 1, "the statement");
            await app.call("app:control", "end", "sleeper");
            await app.until(async () => await sleeping() === 0, "its end");
            await app.until(async () => (await stats(app))["in_use"] === 0, "the connection");
            assert.deepEqual(await rows(app, "SELECT 1 AS one"), [{ one: 1 }]);
          },
        ),
    );
  }

  test(
    `${server.kind}: a session that is lost fails its transaction, and nothing runs outside of it [sql.tx.ops] [sql.errors]`,
    { skip },
    () =>
      withApplication(
        DATABASE_FUNCTIONS + database("pool: { max_idle: 2 }") + database("", "admin") + entry(
          "lose",
          "function.lua",
          main(`
local session, before, after = ...
local tx = assert(sql.get("app:db"):begin())
assert(tx:execute(before))
local id = tx:query(session)[1].id
assert(sql.get("app:admin"):execute((funcs.call("app:killing", id))))
local first, err = tx:execute(after)
local second, err2 = tx:execute(after)
return { err:kind(), err:retryable(), err2:message() }`),
          "method: main\nmodules: [sql, funcs]",
        ) + entry(
          "killing",
          "function.lua",
          main(`return (${JSON.stringify(server.kill("%d"))}):format((...))`),
          "method: main",
        ),
        async (app) => {
          await emptyTable(app);
          const insert = `INSERT INTO ${table} VALUES ('x')`;
          assert.deepEqual(await app.call("app:lose", server.session, insert, insert), [
            "Unavailable",
            true,
            "transaction is not active",
          ]);
          assert.deepEqual(await values(app), []);
        },
      ),
  );

  test(`${server.kind}: a server that refuses or does not answer is told of with its place, never with the password [kind.db.sql.server] [sql.errors]`, async () => {
    const silent = createServer((socket) => socket.on("error", () => {}));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    const closing = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => closing.listen(0, "127.0.0.1", resolve));
    const { port: closed } = closing.address() as { port: number };
    const timeout = server.kind === "db.sql.mysql" ? "timeout: 50ms" : "connect_timeout: 0.05";
    const at = (where: string, name: string) =>
      `  - { name: ${name}, kind: ${server.kind}, ${where}, database: d, username: u, password: s3cret }\n`;
    try {
      await withApplication(
        DATABASE_FUNCTIONS + at("host: 127.0.0.1, port: 1, pool: { max_open: 1 }", "refusing") +
          at(`host: 127.0.0.1, port: ${port}, options: { ${timeout} }`, "silent") +
          at("host: no-such-host.invalid", "nowhere") + at(`host: 127.0.0.1, port: ${closed}`, "closing"),
        async (app) => {
          // Nobody who waits gets a session that could not be opened.
          const asked = [1, 2, 3].map(() => run(app, "SELECT 1", "app:refusing"));
          for (const answer of await Promise.all(asked)) {
            assert.match(
              String(answer),
              /^Unavailable\/true: the database server at 127\.0\.0\.1:1 can't be reached: connection refused$/,
            );
          }
          assert.match(
            String(await run(app, "SELECT 1", "app:silent")),
            /^Timeout\/true: .* does not answer$/,
          );
          assert.match(String(await run(app, "SELECT 1", "app:nowhere")), /^Unavailable\/true: .*host name/);
          assert.match(
            String(await run(app, "SELECT 1", "app:closing")),
            /^Unavailable\/true: .*(closed|reset)/,
          );
          assert.doesNotMatch(JSON.stringify(app.logs), /s3cret/);
        },
      );
    } finally {
      silent.close();
      closing.close();
    }
  });

  test(
    `${server.kind}: missing databases and wrong fields have clear errors [kind.db.sql.server] [kind.db.sql.dsn]`,
    { skip },
    () =>
      withApplication(
        DATABASE_FUNCTIONS + database(),
        async (app) => {
          const refusal = async (more: ValueMap) =>
            (await refusalOf(app, "app:bad", server.kind, data(more))).message;
          assert.match(await refusal({ username: "" }), /username/);
          assert.match(await refusal({ database: "" }), /database/);
          assert.match(await refusal({ port: 0 }), /port/);
          assert.match(await refusal({ port: "x" }), /port/);
          assert.match(await refusal({ pool: { max_open: -1 } }), /pool\.max_open/);
          assert.match(await refusal({ pool: { max_lifetime: "soon" } }), /pool\.max_lifetime/);
          assert.match(
            await refusal({ options: server.kind === "db.sql.mysql" ? { tls: "odd" } : { sslmode: "odd" } }),
            /options\.(tls|sslmode): expected .*got "odd"/,
          );
          await app.application.registry.apply([{
            kind: "entry.create",
            entry: {
              id: "app:missing",
              kind: server.kind,
              meta: {},
              data: data({ database: "no_such_database" }),
            },
          }]);
          assert.match(
            String(await run(app, "SELECT 1", "app:missing")),
            /^NotFound\/false: .*no_such_database/,
          );
        },
      ),
  );

  test(
    `${server.kind}: a database made through the registry works like one of a file, and ends with its entry [kind.db.sql.runtime]`,
    { skip },
    () =>
      withApplication(DATABASE_FUNCTIONS, async (app) => {
        const { registry, supervisor } = app.application;
        const made = {
          id: "app:db",
          kind: server.kind,
          meta: {},
          data: data({ pool: { max_idle: 1 }, lifecycle: { auto_start: true } }),
        };
        await registry.apply([{ kind: "entry.create", entry: made }]);
        assert.equal(supervisor.state("app:db")?.status, "running");
        await emptyTable(app);
        await run(app, `INSERT INTO ${table} VALUES ('made')`);
        await registry.apply([{
          kind: "entry.update",
          entry: { ...made, data: { ...made.data, pool: { max_open: 3 } } },
        }]);
        assert.equal((await stats(app))["max_open_connections"], 3);
        assert.deepEqual(await values(app), ["made"]);
        await registry.apply([{ kind: "entry.delete", id: "app:db" }]);
        assert.match(String(await run(app, "SELECT 1")), /^NotFound/);
      }),
  );
}
