/** `db.cdc.postgres`: slow readers, readers that go, connections that break. */
// services: postgres
import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import type { ValueMap } from "../../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { missing, serviceUrl } from "../../services.ts";
import { run } from "../server_database_suite.ts";
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
  sql,
  stateOf,
  withTable,
} from "../cdc_project.ts";

const skip = missing("postgres");
const url = serviceUrl("postgres");

function withSource(
  more: ValueMap,
  body: (app: TestApplication, names: { slot: string; table: string }) => Promise<void>,
): Promise<void> {
  return withTable(async (app, names) => {
    await make(app, {
      slot_name: names.slot,
      tables: [`public.${names.table}`],
      streaming: true,
      ...more,
    });
    await body(app, names);
  });
}

function ids(all: readonly ValueMap[]): unknown[] {
  return all.map(({ after }) => (after as ValueMap)["id"]);
}

function count(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i);
}

test(
  "a stream without room holds the source up, and the server keeps the rest; nothing is lost [cdc.stream] [cdc.flow]",
  { skip },
  () =>
    // One of the runtimes reads ahead of a paused stream where it is encrypted.
    withSource({ options: { sslmode: "disable" } }, async (app, { slot, table }) => {
      const rowsOfOneKilobyte = 40_000;
      await read(app, "slow", { opts: { buffer: 2 }, pace: true });
      await sql(app, `ALTER TABLE ${table} ALTER v SET STORAGE PLAIN`);
      for (let i = 0; i < rowsOfOneKilobyte; i += 1000) {
        await sql(
          app,
          `INSERT INTO ${table} SELECT ${i} + i, repeat('x', 1000) FROM generate_series(1, 1000) i`,
        );
      }
      const lag =
        `SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), sent_lsn)::bigint FROM pg_stat_replication WHERE pid = (SELECT active_pid FROM pg_replication_slots WHERE slot_name = '${slot}')`;
      await app.call("app:order", "slow", "next");
      assert.deepEqual(ids(await readChanges(app, "slow", 1)), [1]);
      // What the server could send lies in buffers of the kernel; the rest, tens of megabytes, it still has.
      assert.ok(
        Number(await ask(app, lag)) > 20_000_000,
        "the server sent everything to a reader without room",
      );
      await app.call("app:order", "slow", "crash");
      await app.call("app:drain", rowsOfOneKilobyte);
    }),
);

test(
  "what the last stream had not received is for the next one, and its transaction comes as a whole [cdc.close] [cdc.flow]",
  { skip },
  () =>
    withSource({}, async (app, { table }) => {
      await read(app, "first", { pace: true });
      // What another one has read is in the buffer of the first as well.
      const other = app.call("app:read", "app:source", {}, 5);
      await app.until(() => app.logs.some(({ message }) => message === "reading 5"), "the other stream");
      await sql(
        app,
        `INSERT INTO ${table} VALUES (1), (2)`,
        `INSERT INTO ${table} VALUES (3), (4)`,
        `INSERT INTO ${table} VALUES (5)`,
      );
      assert.deepEqual(ids(await other as ValueMap[]), count(1, 5));
      for (let i = 0; i < 3; i++) await app.call("app:order", "first", "next");
      assert.deepEqual(ids(await readChanges(app, "first", 3)), [1, 2, 3]);
      await app.call("app:order", "first", "close");
      await app.until(
        () => app.logs.some(({ message }) => message === "closed"),
        "the first stream to be closed",
      );
      assert.deepEqual(
        await app.call("app:read", "app:source", {}, 3).then((all) => ids(all as ValueMap[])),
        [3, 4, 5],
      );
      await sql(app, `INSERT INTO ${table} VALUES (6)`);
      assert.deepEqual(
        await app.call("app:read", "app:source", {}, 1).then((all) => ids(all as ValueMap[])),
        [6],
      );
    }),
);

test(
  "with a temporary slot the connection lasts, and the next stream gets what happens then [cdc.close] [kind.db.cdc.modes]",
  { skip },
  () =>
    withSource({ temporary: true }, async (app, { slot, table }) => {
      const pid = (await slotOf(app, slot))!["active_pid"];
      await sql(app, `INSERT INTO ${table} VALUES (1)`);
      assert.deepEqual(ids(await app.call("app:read", "app:source", {}, 1) as ValueMap[]), [1]);
      await sql(app, `INSERT INTO ${table} VALUES (2)`);
      assert.deepEqual(ids(await app.call("app:read", "app:source", {}, 1) as ValueMap[]), [2]);
      assert.equal((await slotOf(app, slot))!["active_pid"], pid);
    }),
);

test(
  "a process that ends releases its stream: others go on, and nobody waits for it [cdc.close]",
  { skip },
  () =>
    withSource({}, async (app, { table }) => {
      await read(app, "stuck", { opts: { buffer: 1 }, pace: true });
      await read(app, "quick");
      await sql(app, `INSERT INTO ${table} SELECT generate_series(1, 10)`);
      await readChanges(app, "quick", 1);
      assert.ok(changes(app, "quick").length < 10, "nobody gets ahead of a stream without room");
      await app.call("app:order", "stuck", "crash");
      assert.deepEqual(ids(await readChanges(app, "quick", 10)), count(1, 10));
      assert.deepEqual(changes(app, "stuck"), []);
    }),
);

test(
  "a connection that is lost is made again: every change comes, in order, and the status says so meanwhile [cdc.flow]",
  { skip },
  () =>
    withSource({}, async (app, { slot, table }) => {
      await read(app, "r");
      await sql(app, `INSERT INTO ${table} SELECT generate_series(1, 5)`);
      await readChanges(app, "r", 5);
      for (let i = 6; i <= 10; i += 5) {
        const pid = (await slotOf(app, slot))!["active_pid"];
        await run(app, `SELECT pg_terminate_backend(${String(pid)})`);
        await app.until(
          () => app.logs.some(({ message }) => message === "the source lost its connection; trying again"),
          "the loss",
        );
        for (let id = i; id < i + 5; id++) await sql(app, `INSERT INTO ${table} VALUES (${id})`);
      }
      assert.deepEqual(ids(await readChanges(app, "r", 10)), count(1, 10));
      assert.ok(app.logs.some(({ message }) => message === "source is connected again"));
      assert.match(stateOf(app).details, /: streaming$/);
      assert.equal(stateOf(app).status, "running");
    }),
);

/** A way to the server that a test can cut without a word. */
async function withWay(
  body: (way: { port: number; freeze(): void; cut(): void }) => Promise<void>,
): Promise<void> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const other = connect(Number(url!.port), url!.hostname);
    for (const end of [socket, other]) {
      sockets.add(end);
      end.on("error", () => undefined);
      end.on("close", () => sockets.delete(end));
    }
    socket.pipe(other).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  try {
    await body({
      port: (server.address() as AddressInfo).port,
      freeze: () => {
        for (const socket of sockets) socket.unpipe().resume();
      },
      cut,
    });
  } finally {
    cut();
    server.close();
  }
}

test(
  "a server that is silent is given up, and the source goes on over another connection [cdc.flow] [kind.db.cdc.tuning]",
  { skip },
  () =>
    withWay((way) =>
      withSource({ host: "127.0.0.1", port: way.port }, async (app, { table }) => {
        await read(app, "r");
        await sql(app, `INSERT INTO ${table} VALUES (1)`);
        await readChanges(app, "r", 1);
        way.freeze();
        await sql(app, `INSERT INTO ${table} VALUES (2)`);
        await app.until(
          () => app.logs.some(({ fields }) => /does not answer any more/.test(String(fields["error"]))),
          "the silence to be noticed",
        );
        way.cut();
        assert.deepEqual(ids(await readChanges(app, "r", 2)), [1, 2]);
      })
    ),
);

test(
  "a failure that would come again ends the service and its streams; once its reason is gone it goes on where it was [cdc.flow] [kind.db.cdc.publication]",
  { skip },
  async () => {
    const [slot, table, publication] = [freshName(), freshName(), freshName()];
    await withApplication(CDC_PROJECT, async (app) => {
      await sql(
        app,
        `CREATE TABLE ${table} (id int PRIMARY KEY)`,
        `CREATE PUBLICATION ${publication} FOR TABLE ${table}`,
      );
      await make(app, { slot_name: slot, publication, streaming: true });
      await read(app, "r");
      await sql(app, `INSERT INTO ${table} VALUES (1)`);
      await readChanges(app, "r", 1);
      await sql(app, `DROP PUBLICATION ${publication}`);
      const pid = (await slotOf(app, slot))!["active_pid"];
      await run(app, `SELECT pg_terminate_backend(${String(pid)})`);
      await app.until(() => hasEnded(app, "r"), "the end of the stream");
      await app.until(() => stateOf(app).status !== "running", "the end of the service");
      assert.equal(stateOf(app).status, "exited");
      const reason = `app:source: publication "${publication}" does not exist`;
      assert.ok(
        app.logs.some(({ fields }) => JSON.stringify(fields).includes(JSON.stringify(reason).slice(1, -1))),
      );
      await sql(
        app,
        `CREATE PUBLICATION ${publication} FOR TABLE ${table}`,
        `INSERT INTO ${table} VALUES (2)`,
      );
      await app.application.supervisor.start("app:source");
      await read(app, "next");
      assert.deepEqual(ids(await readChanges(app, "next", 1)), [2]);
      await dropSlots(app, slot);
    });
  },
);
