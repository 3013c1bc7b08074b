/** `db.sql.mysql`: what it has in common with other servers, and what is its own. */
// services: mariadb
import assert from "node:assert/strict";
import { test } from "node:test";
import { withApplication } from "../../application.ts";
import { missing, serviceUrl } from "../../services.ts";
import { DATABASE_FUNCTIONS, rows, run, serverDatabaseSuite } from "../server_database_suite.ts";

serverDatabaseSuite({
  kind: "db.sql.mysql",
  service: "mariadb",
  username: "root",
  database: "wippy",
  sleep: "SELECT SLEEP(60)",
  session: "SELECT CONNECTION_ID() AS id",
  sleepers:
    "SELECT count(*) AS n FROM information_schema.processlist WHERE info LIKE '%SLEEP(60)' AND info NOT LIKE '%processlist%'",
  kill: (id) => `KILL ${id}`,
  textType: "VARCHAR(20)",
});

const skip = missing("mariadb");
const url = serviceUrl("mariadb");

test(
  "options reach the session; the DSN sorts them and hides the password [kind.db.sql.dsn] [kind.db.sql.server]",
  { skip },
  () =>
    withApplication(
      DATABASE_FUNCTIONS +
        `  - { name: admin, kind: db.sql.mysql, host: ${url?.hostname}, port: ${url?.port}, database: wippy, username: root }\n`,
      async (app) => {
        await run(app, "CREATE OR REPLACE USER with_password IDENTIFIED BY 's3cret'", "app:admin");
        await run(app, "GRANT ALL ON wippy.* TO with_password", "app:admin");
        const { registry, supervisor } = app.application;
        const data = (password: string) => ({
          host: url!.hostname,
          port: Number(url!.port),
          database: "wippy",
          username: "with_password",
          password,
          options: {
            sql_mode: "'ANSI_QUOTES'",
            charset: "utf8mb4",
            parseTime: "true",
            max_statement_time: "7.5",
          },
          lifecycle: { auto_start: true },
        });
        await registry.apply([{
          kind: "entry.create",
          entry: { id: "app:db", kind: "db.sql.mysql", meta: {}, data: data("s3cret") },
        }]);
        assert.equal(
          supervisor.state("app:db")?.details,
          `with_password:***@tcp(${url!.hostname}:${
            url!.port
          })/wippy?charset=utf8mb4&max_statement_time=7.5&parseTime=true&sql_mode='ANSI_QUOTES'`,
        );
        assert.deepEqual(
          await rows(app, "SELECT @@sql_mode AS m, @@max_statement_time AS t, @@time_zone AS z"),
          [
            { m: "ANSI_QUOTES", t: 7.5, z: "+00:00" },
          ],
        );
        await registry.apply([{
          kind: "entry.create",
          entry: {
            id: "app:wrong",
            kind: "db.sql.mysql",
            meta: {},
            data: { ...data("other s3cret"), lifecycle: {} },
          },
        }]);
        assert.match(
          String(await run(app, "SELECT 1", "app:wrong")),
          /^PermissionDenied\/false: Access denied/,
        );
        await registry.apply([{
          kind: "entry.create",
          entry: {
            id: "app:hasty",
            kind: "db.sql.mysql",
            meta: {},
            data: { ...data("s3cret"), options: { readTimeout: "50ms" }, lifecycle: {} },
          },
        }]);
        assert.match(
          String(await run(app, "SELECT SLEEP(61)", "app:hasty")),
          /^Timeout\/true: .* does not answer/,
        );
        const left =
          "SELECT count(*) AS n FROM information_schema.processlist WHERE info LIKE 'SELECT SLEEP(61)'";
        await app.until(
          async () => (await rows(app, left, "app:admin"))[0]!["n"] === 0,
          "the statement's end",
        );
        await registry.apply([{
          kind: "entry.create",
          entry: {
            id: "app:odd",
            kind: "db.sql.mysql",
            meta: {},
            data: {
              ...data("s3cret"),
              options: { no_such_variable: "1" },
              pool: { max_idle: 2 },
              lifecycle: {},
            },
          },
        }]);
        for (let i = 0; i < 2; i++) {
          assert.match(String(await run(app, "SELECT 1", "app:odd")), /^Invalid\/false: .*no_such_variable/);
        }
        for (
          const [tls, answer] of [["preferred", /^\[/], [
            "true",
            /no secure connection to .*does not support/,
          ]] as const
        ) {
          await registry.apply([{
            kind: "entry.create",
            entry: {
              id: `app:tls_${tls}`,
              kind: "db.sql.mysql",
              meta: {},
              data: { ...data("s3cret"), options: { tls }, lifecycle: {} },
            },
          }]);
          assert.match(JSON.stringify(await run(app, "SELECT 1", `app:tls_${tls}`)), answer);
        }
        assert.doesNotMatch(JSON.stringify(app.logs), /s3cret/);
      },
    ),
);

test("a host that is a path is that of a Unix socket [kind.db.sql.server]", { skip }, () =>
  withApplication(
    DATABASE_FUNCTIONS +
      `  - { name: admin, kind: db.sql.mysql, host: ${url?.hostname}, port: ${url?.port}, database: wippy, username: root }\n`,
    async (app) => {
      const [place] = await rows(app, "SELECT @@socket AS s", "app:admin");
      const data = { host: String(place!["s"]), database: "wippy", username: "root" };
      await app.application.registry.apply([{
        kind: "entry.create",
        entry: { id: "app:local", kind: "db.sql.mysql", meta: {}, data },
      }]);
      const host = "SELECT host AS h FROM information_schema.processlist WHERE id = CONNECTION_ID()";
      assert.deepEqual(await rows(app, host, "app:local"), [{ h: "localhost" }]);
    },
  ));
