/** `db.cdc.postgres`: from the slot over the snapshot to the stream, and what the server is told. */
// services: postgres
import assert from "node:assert/strict";
import { test } from "node:test";
import { withApplication } from "../../application.ts";
import { missing } from "../../services.ts";
import {
  ask,
  CDC_PROJECT,
  changes,
  dropSlots,
  freshName,
  make,
  read,
  readChanges,
  slotOf,
  source,
  sql,
  stateOf,
} from "../cdc_project.ts";

const skip = missing("postgres");

test(
  "a slot is made, rows that are there come first, then what happens; the position goes back to the server [cdc.flow] [kind.db.cdc.modes] [cdc.channel]",
  { skip },
  () => {
    const [slot, table] = [freshName(), freshName()];
    return withApplication(CDC_PROJECT, async (app) => {
      await sql(
        app,
        `CREATE TABLE ${table} (id int PRIMARY KEY, v text)`,
        `INSERT INTO ${table} SELECT i, 'row ' || i FROM generate_series(1, 25) i`,
      );
      const data = { slot_name: slot, tables: [`public.${table}`], snapshot: true, streaming: true };
      await make(app, data);
      const made = await slotOf(app, slot);
      assert.deepEqual([made?.["plugin"], made?.["temporary"]], ["pgoutput", false]);
      // After the slot, before anybody reads.
      await sql(app, `INSERT INTO ${table} VALUES (26, 'later')`, `UPDATE ${table} SET v = 'changed' WHERE id = 1`);
      await read(app, "r");
      const all = await readChanges(app, "r", 27);
      assert.deepEqual(all.slice(0, 25).map(({ op, after }) => [op, after]), [
        ...Array.from({ length: 25 }, (_, i) => ["r", { id: i + 1, v: `row ${i + 1}` }]),
      ]);
      assert.deepEqual(all.slice(25).map(({ op, after }) => [op, after]), [
        ["insert", { id: 26, v: "later" }],
        ["update", { id: 1, v: "changed" }],
      ]);
      const end = await ask(app, "pg_current_wal_lsn()::text");
      await app.until(
        async () => await ask(app, `'${String((await slotOf(app, slot))?.["confirmed"])}'::pg_lsn >= '${end}'::pg_lsn`) === true,
        "the position at the server",
      );
      assert.match(stateOf(app).details, /^slot c\w+ on 127\.0\.0\.1:\d+\/postgres: streaming$/);
      await dropSlots(app, slot);
      assert.equal(changes(app, "r").length, 27);
    });
  },
);
