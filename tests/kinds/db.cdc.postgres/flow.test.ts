/** `db.cdc.postgres`: from the slot over the snapshot to the stream, and what the server is told. */
// services: postgres
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { missing } from "../../services.ts";
import { rows } from "../server_database_suite.ts";
import {
  ask,
  CDC_PROJECT,
  changes,
  dropSlots,
  freshName,
  hasEnded,
  make,
  read,
  readChanges,
  slotOf,
  source,
  sql,
  stateOf,
  withTable,
} from "../cdc_project.ts";

const skip = missing("postgres");

/** Runs `body` with a table of `count` rows, which are numbered. */
function withRows(
  count: number,
  body: (app: TestApplication, names: { slot: string; table: string }) => Promise<void>,
): Promise<void> {
  return withTable(async (app, names) => {
    await sql(
      app,
      `INSERT INTO ${names.table} SELECT i, 'row ' || i FROM generate_series(1, ${count}) i`,
    );
    await body(app, names);
  });
}

function both({ op, after }: ValueMap): unknown[] {
  return [op, (after as ValueMap | undefined)?.["id"]];
}

function numbers(from: number, to: number, op: string): unknown[] {
  return Array.from({ length: to - from + 1 }, (_, i) => [op, from + i]);
}

/** Waits until the server was told a position, or one behind it. */
async function untilTold(app: TestApplication, slot: string, lsn: string): Promise<void> {
  await app.until(
    async () => {
      const confirmed = String((await slotOf(app, slot))?.["confirmed"]);
      return await ask(app, `'${confirmed}'::pg_lsn >= '${lsn}'::pg_lsn`) === true;
    },
    `position ${lsn} at the server`,
  );
}

function currentLsn(app: TestApplication): Promise<string> {
  return ask(app, "pg_current_wal_lsn()::text") as Promise<string>;
}

test(
  "a slot is made, rows that are there come first, then what happens; the position goes back to the server [cdc.flow] [kind.db.cdc.modes]",
  { skip },
  () =>
    withRows(25, async (app, { slot, table }) => {
      await make(app, { slot_name: slot, tables: [`public.${table}`], snapshot: true, streaming: true });
      const made = await slotOf(app, slot);
      assert.deepEqual([made?.["plugin"], made?.["temporary"]], ["pgoutput", false]);
      // After the slot, before anybody reads.
      await sql(
        app,
        `INSERT INTO ${table} VALUES (26, 'later')`,
        `UPDATE ${table} SET v = 'changed' WHERE id = 1`,
      );
      await read(app, "r");
      const all = await readChanges(app, "r", 27);
      assert.deepEqual(
        all.slice(0, 25).map(({ op, after }) => [op, after]),
        Array.from({ length: 25 }, (_, i) => ["r", { id: i + 1, v: `row ${i + 1}` }]),
      );
      assert.deepEqual(all.slice(25).map(({ op, after }) => [op, after]), [
        ["insert", { id: 26, v: "later" }],
        ["update", { id: 1, v: "changed" }],
      ]);
      await untilTold(app, slot, await currentLsn(app));
      assert.match(stateOf(app).details, /^slot c\w+ on 127\.0\.0\.1:\d+\/postgres: streaming$/);
      assert.equal(changes(app, "r").length, 27);
    }),
);

test(
  "a slot that is there is resumed, without the rows from before; a source that is stopped loses nothing and leaves its slot [cdc.flow] [kind.db.cdc.modes]",
  { skip },
  () =>
    withRows(3, async (app, { slot, table }) => {
      await make(app, { slot_name: slot, tables: [`public.${table}`], snapshot: true, streaming: true });
      await read(app, "first");
      await readChanges(app, "first", 3);
      await sql(app, `INSERT INTO ${table} VALUES (4, 'seen')`);
      await readChanges(app, "first", 4);
      await app.application.supervisor.stop("app:source");
      await app.until(() => hasEnded(app, "first"), "the end of the stream");
      await sql(app, `INSERT INTO ${table} VALUES (5, 'missed'), (6, 'missed')`);
      assert.equal((await slotOf(app, slot))?.["active"], false, "the slot stays, and nobody uses it");
      await app.application.supervisor.start("app:source");
      await read(app, "second");
      assert.deepEqual((await readChanges(app, "second", 2)).map(both), numbers(5, 6, "insert"));
    }),
);

test(
  "without snapshot only what happens comes; without streaming only what is there, anew at each start; without both nothing [kind.db.cdc.modes] [cdc.channel]",
  { skip },
  () =>
    withRows(3, async (app, { slot, table }) => {
      const tables = [`public.${table}`];
      const [other, empty] = [freshName(), freshName()];
      await make(app, { slot_name: slot, tables, streaming: true });
      await make(app, { slot_name: other, tables, snapshot: true }, "rows");
      await make(app, { slot_name: empty, tables }, "none");
      await read(app, "changes");
      await sql(app, `INSERT INTO ${table} VALUES (4, 'new')`);
      assert.deepEqual((await readChanges(app, "changes", 1)).map(both), [["insert", 4]]);
      await read(app, "rows", { from: "app:rows" });
      await read(app, "none", { from: "app:none" });
      await app.until(() => hasEnded(app, "rows") && hasEnded(app, "none"), "the end of both");
      assert.deepEqual(changes(app, "rows").map(both), numbers(1, 3, "r"));
      assert.deepEqual(changes(app, "none"), []);
      assert.equal(stateOf(app, "app:rows").status, "running");
      await app.application.supervisor.stop("app:rows");
      await app.application.supervisor.start("app:rows");
      await read(app, "again", { from: "app:rows" });
      await app.until(() => hasEnded(app, "again"), "the end of the rows");
      assert.deepEqual(changes(app, "again").map(both), numbers(1, 4, "r"));
      await dropSlots(app, other, empty);
    }),
);

test(
  "a temporary slot goes when the source stops, and a new one begins with the rows [kind.db.cdc.modes]",
  { skip },
  () =>
    withRows(2, async (app, { slot, table }) => {
      await make(app, {
        slot_name: slot,
        tables: [`public.${table}`],
        snapshot: true,
        streaming: true,
        temporary: true,
      });
      assert.deepEqual((await slotOf(app, slot))?.["temporary"], true);
      await read(app, "first");
      await sql(app, `INSERT INTO ${table} VALUES (3, 'streamed')`);
      assert.deepEqual((await readChanges(app, "first", 3)).map(both).at(-1), ["insert", 3]);
      await app.application.supervisor.stop("app:source");
      await app.until(async () => await slotOf(app, slot) === undefined, "the end of the slot");
      await app.application.supervisor.start("app:source");
      await read(app, "second");
      assert.deepEqual((await readChanges(app, "second", 3)).map(both), numbers(1, 3, "r"));
    }),
);

test(
  "the server is told what was received, not what waits in a buffer [cdc.flow] [kind.db.cdc.tuning]",
  { skip },
  () =>
    withRows(0, async (app, { slot, table }) => {
      await make(app, { slot_name: slot, tables: [`public.${table}`], streaming: true });
      await read(app, "r", { pace: true });
      const begin = await currentLsn(app);
      for (let i = 1; i <= 4; i++) await sql(app, `INSERT INTO ${table} VALUES (${i}, 'x')`);
      await app.call("app:order", "r", "next");
      await app.call("app:order", "r", "next");
      const [, second] = await readChanges(app, "r", 2);
      await untilTold(app, slot, String(second!["commit_lsn"]));
      // Told again and again meanwhile, on the cadence of the entry.
      const replied = () =>
        ask(app, `SELECT max(reply_time)::text FROM pg_stat_replication WHERE pid = (${pidOf(slot)})`);
      const first = await replied();
      await app.until(async () => await replied() !== first, "another word to the server");
      await app.call("app:order", "r", "next");
      const [, , third] = await readChanges(app, "r", 3);
      await untilTold(app, slot, String(third!["commit_lsn"]));
      const end = await currentLsn(app);
      const told = String((await slotOf(app, slot))?.["confirmed"]);
      assert.equal(
        await ask(app, `'${told}'::pg_lsn < '${end}'::pg_lsn AND '${told}'::pg_lsn > '${begin}'::pg_lsn`),
        true,
      );
      await app.call("app:order", "r", "next");
      await untilTold(app, slot, end);
    }),
);

function pidOf(slot: string): string {
  return `SELECT active_pid FROM pg_replication_slots WHERE slot_name = '${slot}'`;
}

test(
  "the snapshot is read in batches of snapshot_fetch_size, and what happens meanwhile comes after it [kind.db.cdc.tuning] [cdc.flow]",
  { skip },
  () =>
    withRows(20, async (app, { slot, table }) => {
      await make(app, {
        slot_name: slot,
        tables: [`public.${table}`],
        snapshot: true,
        streaming: true,
        snapshot_fetch_size: 3,
        options: { application_name: slot },
      });
      await read(app, "r", { opts: { buffer: 1 }, pace: true });
      const query = () =>
        ask(app, `SELECT max(query) FROM pg_stat_activity WHERE application_name = '${slot}'`);
      await app.until(async () => String(await query()).startsWith("FETCH FORWARD 3 "), "a batch of three");
      await app.call("app:order", "r", "next");
      await sql(app, `UPDATE ${table} SET v = 'meanwhile'`, `DELETE FROM ${table} WHERE id = 20`);
      for (let i = 1; i < 41; i++) await app.call("app:order", "r", "next");
      const all = await readChanges(app, "r", 41);
      assert.deepEqual(
        all.slice(0, 20).map(({ after }) => after),
        Array.from({ length: 20 }, (_, i) => ({ id: i + 1, v: `row ${i + 1}` })),
      );
      assert.deepEqual(all.slice(20, 40).map(both), numbers(1, 20, "update"));
      assert.equal(all[40]!["op"], "delete");
    }),
);

test(
  "a snapshot that nobody received as a whole begins anew, also in another life of the application [cdc.flow]",
  { skip },
  async () => {
    const [slot, table] = [freshName(), freshName()];
    const project = CDC_PROJECT + source(slot, `tables: [public.${table}], snapshot: true, streaming: true`);
    await withApplication(CDC_PROJECT, (app) =>
      sql(
        app,
        `CREATE TABLE ${table} (id int PRIMARY KEY)`,
        `INSERT INTO ${table} SELECT generate_series(1, 10)`,
      ));
    await withApplication(project, async (app) => {
      await read(app, "crashing", { opts: { buffer: 2 }, pace: true });
      for (let i = 0; i < 4; i++) await app.call("app:order", "crashing", "next");
      await readChanges(app, "crashing", 4);
      await app.call("app:order", "crashing", "crash");
      await read(app, "slow", { opts: { buffer: 2 }, pace: true });
      await app.call("app:order", "slow", "next");
      assert.deepEqual((await readChanges(app, "slow", 1)).map(both), [["r", 1]]);
    });
    await withApplication(project, async (app) => {
      await sql(app, `INSERT INTO ${table} VALUES (11)`);
      await read(app, "r");
      const all = (await readChanges(app, "r", 11)).map(both);
      assert.deepEqual(all.slice(0, 10), numbers(1, 10, "r"));
      await sql(app, `INSERT INTO ${table} VALUES (12)`);
      await app.until(() => changes(app, "r").map(both).some(([, id]) => id === 12), "what happens then");
      await app.until(
        async () =>
          (await rows(app, `SELECT slot_name FROM pg_replication_slots WHERE slot_name LIKE '${slot}%'`))
            .length === 1,
        "the slot alone, without a mark",
      );
      await dropSlots(app, slot);
    });
  },
);
