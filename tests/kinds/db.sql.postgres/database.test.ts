/** `db.sql.postgres`: what it has in common with other servers, and what is its own. */
// services: postgres
import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { ValueMap } from "../../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { missing, serviceUrl } from "../../services.ts";
import { DATABASE_FUNCTIONS, rows, run, serverDatabaseSuite } from "../server_database_suite.ts";

serverDatabaseSuite({
  kind: "db.sql.postgres",
  service: "postgres",
  username: "postgres",
  database: "postgres",
  sleep: "SELECT pg_sleep(60)",
  session: "SELECT pg_backend_pid() AS id",
  sleepers:
    "SELECT count(*) AS n FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(60)' AND pid <> pg_backend_pid()",
  kill: (id) => `SELECT pg_terminate_backend(${id})`,
  textType: "TEXT",
});

const skip = missing("postgres");
const url = serviceUrl("postgres");
const ADMIN =
  `  - { name: admin, kind: db.sql.postgres, host: ${url?.hostname}, port: ${url?.port}, database: postgres, username: postgres }\n`;

/** Makes `app:NAME`. */
async function make(app: TestApplication, name: string, more: ValueMap): Promise<void> {
  const data = {
    host: url!.hostname,
    port: Number(url!.port),
    database: "postgres",
    username: "postgres",
    ...more,
  };
  await app.application.registry.apply([{
    kind: "entry.create",
    entry: { id: `app:${name}`, kind: "db.sql.postgres", meta: {}, data },
  }]);
}

test(
  "options reach the session; the DSN sorts them and hides the password [kind.db.sql.dsn] [kind.db.sql.server]",
  { skip },
  () =>
    withApplication(DATABASE_FUNCTIONS + ADMIN, async (app) => {
      await run(app, "DROP ROLE IF EXISTS with_password", "app:admin");
      await run(app, "CREATE ROLE with_password LOGIN PASSWORD 's3cret it''s'", "app:admin");
      const options = {
        statement_timeout: "7000",
        sslmode: "disable",
        application_name: "my app",
        connect_timeout: "10",
        search_path: "pg_catalog",
      };
      const secret = { username: "with_password", password: "s3cret it's", options };
      await make(app, "db", { ...secret, lifecycle: { auto_start: true } });
      assert.equal(
        app.application.supervisor.state("app:db")?.details,
        `host=${url!.hostname} port=${url!.port} user=with_password password=*** dbname=postgres ` +
          "application_name='my app' connect_timeout=10 search_path=pg_catalog sslmode=disable statement_timeout=7000",
      );
      assert.deepEqual(
        await rows(
          app,
          "SELECT current_setting('application_name') AS a, current_setting('statement_timeout') AS t, current_setting('search_path') AS s, current_setting('TimeZone') AS z",
        ),
        [{ a: "my app", t: "7s", s: "pg_catalog", z: "UTC" }],
      );
      await make(app, "wrong", { ...secret, password: "other s3cret" });
      assert.match(
        String(await run(app, "SELECT 1", "app:wrong")),
        /^PermissionDenied\/false: password authentication failed/,
      );
      await make(app, "unknown_option", { options: { no_such_setting: "1" } });
      assert.match(
        String(await run(app, "SELECT 1", "app:unknown_option")),
        /^Invalid\/false: .*no_such_setting/,
      );
      assert.doesNotMatch(JSON.stringify(app.logs), /s3cret/);
    }),
);

test(
  "connections are encrypted and certificates checked as sslmode says [kind.db.sql.dsn] [kind.db.sql.server]",
  { skip },
  () =>
    withApplication(DATABASE_FUNCTIONS + ADMIN, async (app) => {
      const [place] = await rows(app, "SELECT current_setting('data_directory') AS d", "app:admin");
      copyFileSync(join(String(place!["d"]), "server.crt"), join(app.folder, "known.crt"));
      const isSecure = async (options: ValueMap, more: ValueMap = {}) => {
        const name = `db_${crypto.randomUUID().replaceAll("-", "")}`;
        await make(app, name, { options, ...more });
        const answer = await run(
          app,
          "SELECT ssl AS s FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
          `app:${name}`,
        );
        return Array.isArray(answer) ? (answer[0] as ValueMap)["s"] : answer;
      };
      assert.equal(await isSecure({}), true, "where the server can");
      assert.equal(await isSecure({ sslmode: "disable" }), false);
      assert.equal(await isSecure({ sslmode: "require" }), true);
      assert.match(
        String(await isSecure({ sslmode: "verify-ca" })),
        /^Unavailable\/false: no secure connection/,
      );
      assert.match(
        String(await isSecure({ sslmode: "verify-full" })),
        /^Unavailable\/false: no secure connection/,
      );
      assert.equal(await isSecure({ sslmode: "verify-ca", sslrootcert: "known.crt" }), true);
      const full = { sslmode: "verify-full", sslrootcert: "known.crt" };
      assert.match(
        String(await isSecure(full)),
        /^Unavailable\/false: no secure connection/,
        "the name differs",
      );
      assert.equal(await isSecure(full, { host: "localhost" }), true);
    }),
);

test(
  "a host that is a folder is that of a Unix socket [kind.db.sql.server]",
  { skip },
  () =>
    withApplication(DATABASE_FUNCTIONS + ADMIN, async (app) => {
      const [place] = await rows(app, "SELECT current_setting('unix_socket_directories') AS d", "app:admin");
      await make(app, "local", { host: String(place!["d"]) });
      await make(app, "nowhere", { host: "/no/such/folder" });
      for (let i = 0; i < 2; i++) {
        assert.deepEqual(await rows(app, "SELECT inet_server_addr() IS NULL AS l", "app:local"), [{
          l: true,
        }]);
        assert.match(
          String(await run(app, "SELECT 1", "app:nowhere")),
          /^Unavailable\/true: .*no such socket/,
        );
      }
    }),
);

test(
  "an optional database that can't be reached is tried again, and runs once its settings are right [kind.db.sql.server] [life.startup]",
  { skip },
  () =>
    withApplication(
      DATABASE_FUNCTIONS + `  - { name: storage, kind: env.storage.memory }
  - { name: port, kind: env.variable, variable: DB_PORT, storage: storage, default: "1" }
  - name: db
    kind: db.sql.postgres
    host: 127.0.0.1
    port: "\${env:DB_PORT}"
    database: postgres
    username: postgres
    lifecycle: { auto_start: true, startup: optional, restart: { initial_delay: 10ms, max_delay: 20ms } }
`,
      async (app) => {
        const state = () => app.application.supervisor.state("app:db");
        await app.until(() => (state()?.retryCount ?? 0) > 1, "a second try");
        assert.match(String(await run(app, "SELECT 1")), /^Unavailable\/true: .*connection refused/);
        await app.call("app:set", "DB_PORT", url!.port);
        await app.until(() => state()?.status === "running", "the service");
        assert.deepEqual(await rows(app, "SELECT 1 AS one"), [{ one: 1 }]);
      },
    ),
);
