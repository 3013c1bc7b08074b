/** `db.cdc.postgres`: what is left of a source that fails, or is stopped in the middle of its work. */
// services: postgres
import assert from "node:assert/strict";
import { test } from "node:test";
import { missing } from "../../services.ts";
import {
  ask,
  freshName,
  hasEnded,
  make,
  read,
  readChanges,
  sql,
  stateOf,
  withTable,
} from "../cdc_project.ts";
import { run } from "../server_database_suite.ts";

const skip = missing("postgres");

test(
  "a source that ends because of its snapshot leaves no connection behind [cdc.flow]",
  { skip },
  () =>
    withTable(async (app, { slot, table }) => {
      await make(app, {
        slot_name: slot,
        tables: [`public.${table}`],
        snapshot: true,
        streaming: true,
        options: { application_name: slot },
      });
      const connections = () =>
        ask(app, `SELECT count(*) FROM pg_stat_activity WHERE application_name = '${slot}'`);
      assert.equal(await connections(), 1);
      await sql(app, `DROP TABLE ${table}`);
      await read(app, "r");
      await app.until(() => hasEnded(app, "r"), "the end of the stream");
      await app.until(() => stateOf(app).status === "exited", "the end of the service");
      await app.until(async () => await connections() === 0, "the end of the connection");
    }),
);

test(
  "a source is stopped at once, also while the server makes its snapshot wait for a lock [cdc.flow] [cdc.channel]",
  { skip },
  () =>
    withTable(async (app, { slot, table }) => {
      await make(app, {
        slot_name: slot,
        tables: [`public.${table}`],
        snapshot: true,
        streaming: true,
        // Long enough to tell a source that stops from one that is stopped by force.
        lifecycle: { auto_start: true, startup: "optional", stop_timeout: "10m" },
      });
      const locks = (granted: boolean) =>
        `SELECT pid FROM pg_locks WHERE relation = '${table}'::regclass AND ${granted ? "" : "NOT "}granted`;
      const locker = run(
        app,
        `DO $$ BEGIN LOCK TABLE ${table} IN ACCESS EXCLUSIVE MODE; PERFORM pg_sleep(600); END $$`,
      );
      await app.until(async () => await ask(app, locks(true)) !== null, "the lock");
      await read(app, "r");
      await app.until(async () => await ask(app, locks(false)) !== null, "a snapshot that waits");
      await app.application.supervisor.stop("app:source");
      assert.equal(stateOf(app).status, "stopped");
      await app.until(() => hasEnded(app, "r"), "the end of the stream");
      await ask(app, `SELECT pg_terminate_backend((${locks(true)}))`);
      assert.match(String(await locker), /^Unavailable/);
    }),
);

test(
  "a publication may have any name [kind.db.cdc.publication]",
  { skip },
  () =>
    withTable(async (app, { slot, table }) => {
      const publication = `Odd \\ "Name', ${freshName().slice(0, 20)}`;
      await sql(app, `CREATE PUBLICATION "${publication.replaceAll('"', '""')}" FOR TABLE ${table}`);
      await make(app, { slot_name: slot, publication, streaming: true });
      await read(app, "r");
      await sql(app, `INSERT INTO ${table} VALUES (1)`);
      assert.deepEqual((await readChanges(app, "r", 1))[0]!["after"], { id: 1 });
    }),
);
