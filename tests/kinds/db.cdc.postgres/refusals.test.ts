/** `db.cdc.postgres`: wrong entries, and servers that can't or won't. */
// services: postgres
import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { test } from "node:test";
import type { Failure, ValueMap } from "../../../src/core/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { refusalOf } from "../../lua_entries.ts";
import { missing } from "../../services.ts";
import { run } from "../server_database_suite.ts";
import { CDC_PROJECT, dropSlots, freshName, make, slotOf, sql, stateOf } from "../cdc_project.ts";

const skip = missing("postgres");
const WHOLE: ValueMap = {
  host: "127.0.0.1",
  port: 5432,
  database: "app",
  username: "app",
  password: "secret word",
  slot_name: "slot",
  publication: "pub",
};

async function refused(app: TestApplication, change: ValueMap, leaveOut?: string): Promise<string> {
  const data = { ...WHOLE, ...change };
  if (leaveOut !== undefined) delete data[leaveOut];
  const { kind, message } = await refusalOf(app, "app:wrong", "db.cdc.postgres", data);
  assert.doesNotMatch(message, /secret word/);
  return `${kind}: ${message}`;
}

test("fields that are needed, and what each may be [kind.db.cdc.core] [kind.db.cdc.publication] [kind.db.cdc.modes] [kind.db.cdc.tuning]", () =>
  withApplication(CDC_PROJECT, async (app) => {
    for (const field of ["host", "port", "database", "username", "password", "slot_name"]) {
      assert.match(await refused(app, {}, field), new RegExp(`^Invalid: .*\\b${field}\\b`));
    }
    assert.match(await refused(app, { port: 0 }), /^Invalid: .*port.* between 1 and 65535/);
    assert.match(
      await refused(app, { slot_name: "Not so" }),
      /^Invalid: .*slot_name: expected up to 63 of a-z, 0-9 and _, got "Not so"/,
    );
    assert.match(
      await refused(app, {}, "publication"),
      /^Invalid: .*publication: expected the name of a publication, or tables/,
    );
    assert.match(
      await refused(app, { tables: ["users"] }),
      /^Invalid: .*tables\[1\]: expected schema\.table, got "users"/,
    );
    assert.match(
      await refused(app, { failover: true, temporary: true }),
      /^Invalid: .*failover: expected no true beside temporary/,
    );
    assert.match(await refused(app, { snapshot_fetch_size: -1 }), /^Invalid: .*snapshot_fetch_size/);
    assert.match(
      await refused(app, { standby_interval: "-1s" }),
      /^Invalid: .*standby_interval: expected a duration of 0 or more/,
    );
    assert.match(await refused(app, { status_interval: "soon" }), /^Invalid: .*status_interval.*duration/);
    assert.match(await refused(app, { options: { a: ["b"] } }), /^Invalid: .*options\.a/);
  }, { simulated: true }));

test("sources are told of on the bus, accepted or not", () =>
  withApplication(CDC_PROJECT, async (app) => {
    const { bus, registry } = app.application;
    const kinds: string[] = [];
    bus.subscribe("postgres_cdc", "", ({ kind, path }) => kinds.push(`${kind} ${path}`));
    await make(app, { ...WHOLE, lifecycle: { auto_start: false } });
    await refused(app, { port: 0 });
    await registry.apply([{ kind: "entry.delete", id: "app:source" }]);
    await app.world!.clock.settle();
    assert.deepEqual(kinds, [
      "source.register app:source",
      "source.accept app:source",
      "source.register app:wrong",
      "source.reject app:wrong",
      "source.delete app:source",
    ]);
  }, { simulated: true }));

/** The failure of a source's start. */
async function startFailure(app: TestApplication, data: ValueMap): Promise<string> {
  const name = freshName();
  const whole = { slot_name: freshName(), publication: "none", streaming: true, ...data };
  await make(app, { ...whole, lifecycle: { auto_start: false } }, name);
  const failure = await app.application.supervisor.start(`app:${name}`).then(
    () => undefined,
    (error: Failure) => error,
  );
  assert.ok(failure !== undefined, "it started");
  assert.doesNotMatch(failure.message, /secret/);
  await app.application.registry.apply([{ kind: "entry.delete", id: `app:${name}` }]);
  return `${failure.kind}/${failure.retryable}: ${failure.message.replaceAll(name, "NAME")}`;
}

test(
  "each trouble has one clear failure that names the entry and what to do [kind.db.cdc.core] [kind.db.cdc.publication]",
  { skip },
  () => {
    const [table, publication, plain] = [freshName(), freshName(), freshName()];
    return withApplication(CDC_PROJECT, async (app) => {
      await sql(
        app,
        `CREATE TABLE ${table} (id int PRIMARY KEY)`,
        `CREATE PUBLICATION ${publication} FOR TABLE ${table}`,
      );
      await run(app, "CREATE ROLE cdc_password LOGIN REPLICATION PASSWORD 'right'");
      await sql(app, `CREATE ROLE ${plain} LOGIN`, `CREATE TABLE ${table}_other (id int)`);
      assert.match(
        await startFailure(app, { username: "cdc_password", password: "secret" }),
        /^PermissionDenied\/false: app:NAME: password authentication failed for user "cdc_password"/,
      );
      assert.match(
        await startFailure(app, { username: plain }),
        new RegExp(
          `^PermissionDenied/false: app:NAME: .*replication.*; the role needs it: ALTER ROLE "${plain}" REPLICATION`,
          "i",
        ),
      );
      assert.match(
        await startFailure(app, { database: "no_such" }),
        /^NotFound\/false: app:NAME: database "no_such" does not exist/,
      );
      assert.match(
        await startFailure(app, { port: 1 }),
        /^Unavailable\/true: app:NAME: the database server at 127\.0\.0\.1:1 can't be reached: connection refused/,
      );
      assert.match(
        await startFailure(app, {}),
        /^NotFound\/false: app:NAME: publication "none" does not exist in database postgres: CREATE PUBLICATION "none" FOR TABLE/,
      );
      assert.match(
        await startFailure(app, { publication, tables: [`public.${table}_other`] }),
        new RegExp(
          `^NotFound/false: app:NAME: publication "${publication}" lacks public.${table}_other: ALTER PUBLICATION "${publication}" ADD TABLE "public"."${table}_other"`,
        ),
      );
      assert.match(
        await startFailure(app, { publication: "", tables: ["public.no_such_table"] }),
        /^NotFound\/false: app:NAME: table public\.no_such_table does not exist/,
      );
      assert.match(
        await startFailure(app, {
          username: "cdc_password",
          password: "right",
          publication: "",
          tables: [`public.${table}`],
        }),
        /^PermissionDenied\/false: app:NAME: cdc_password can't keep a publication for the tables: permission denied/,
      );
      assert.match(
        await startFailure(app, { publication, failover: true }),
        /^Invalid\/false: app:NAME: failover: needs Postgres 17 or newer/,
      );
      assert.match(
        await startFailure(app, { publication, options: { no_such_setting: "1" } }),
        /^Invalid\/false: app:NAME: .*no_such_setting/,
      );
    });
  },
);

test("options reach the connection [kind.db.cdc.tuning]", { skip }, () => {
  const [slot, table] = [freshName(), freshName()];
  return withApplication(CDC_PROJECT, async (app) => {
    await sql(app, `CREATE TABLE ${table} (id int PRIMARY KEY)`);
    const options = { application_name: "my source", sslmode: "disable" };
    await make(app, { slot_name: slot, tables: [`public.${table}`], streaming: true, options });
    const pid = await app.until(
      async () => (await slotOf(app, slot))?.["active_pid"] as number,
      "the stream",
    );
    const answer = await run(
      app,
      `SELECT a.application_name AS n, s.ssl AS s FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid) WHERE pid = ${
        String(pid)
      }`,
    );
    assert.deepEqual(answer, [{ n: "my source", s: false }]);
    await dropSlots(app, slot);
  });
});

test(
  "a slot that is in use, or not of this kind, is told from a free one [kind.db.cdc.core] [kind.db.cdc.modes]",
  { skip },
  () => {
    const [slot, table, physical] = [freshName(), freshName(), freshName()];
    return withApplication(CDC_PROJECT, async (app) => {
      await sql(app, `CREATE TABLE ${table} (id int PRIMARY KEY)`);
      const tables = { publication: "", tables: [`public.${table}`] };
      await make(app, { slot_name: slot, streaming: true, ...tables });
      assert.match(
        await startFailure(app, { slot_name: slot, ...tables }),
        new RegExp(
          `^Unavailable/true: app:NAME: replication slot "${slot}" is in use by process \\d+ of the server; stop that one, or choose another slot_name`,
        ),
      );
      assert.equal(stateOf(app).status, "running");
      await app.application.supervisor.stop("app:source");
      assert.match(
        await startFailure(app, { slot_name: slot, temporary: true, ...tables }),
        new RegExp(
          `^Invalid/false: app:NAME: replication slot "${slot}" exists and is no temporary one; .*pg_drop_replication_slot\\('${slot}'\\)`,
        ),
      );
      await run(app, `SELECT pg_create_physical_replication_slot('${physical}')`);
      assert.match(
        await startFailure(app, { slot_name: physical, ...tables }),
        /^Invalid\/false: app:NAME: replication slot "\w+" is a physical one, not one of pgoutput in postgres; choose another slot_name/,
      );
      // The name that a snapshot under way would have beside it.
      const theirs = `${slot}_snapshot`;
      await run(app, `SELECT pg_create_logical_replication_slot('${theirs}', 'pgoutput')`);
      assert.match(
        await startFailure(app, { slot_name: slot, snapshot: true, streaming: true, ...tables }),
        new RegExp(
          `^Invalid/false: app:NAME: replication slot "${theirs}" is somebody else's, .*; choose another slot_name`,
        ),
      );
      assert.equal((await slotOf(app, theirs))?.["plugin"], "pgoutput");
      await dropSlots(app, slot, physical);
    });
  },
);

/** A server that answers every query with one row of texts. */
async function withAnswers(answers: readonly string[], body: (port: number) => Promise<void>): Promise<void> {
  const message = (tag: string, ...parts: (Uint8Array | string)[]): Uint8Array => {
    const content = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
    const head = Buffer.alloc(5);
    head.write(tag);
    head.writeInt32BE(content.length + 4, 1);
    return Buffer.concat([head, content]);
  };
  const short = (n: number) => Buffer.from([n >> 8, n & 255]);
  const long = (n: number) => Buffer.concat([short(n >>> 16), short(n & 65535)]);
  const column = (i: number) =>
    Buffer.concat([Buffer.from(`c${i}\0`), long(0), short(0), long(25), short(65535), long(0), short(0)]);
  const row = answers.flatMap((answer) => [long(answer.length), answer]);
  const ready = message("Z", "I");
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("data", (bytes) => {
      // A query, the word about encryption, or who is there.
      if (bytes[0] === 0x51) {
        socket.write(message("T", short(answers.length), ...answers.map((_, i) => column(i))));
        socket.write(
          Buffer.concat([message("D", short(answers.length), ...row), message("C", "SELECT 1\0"), ready]),
        );
      } else if (bytes.length === 8) socket.write("N");
      else if (bytes[0] === 0) socket.write(Buffer.concat([message("R", long(0)), ready]));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    await body((server.address() as AddressInfo).port);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

test("a server without logical replication is told so [kind.db.cdc.core]", () =>
  withAnswers(["150001", "replica"], (port) =>
    withApplication(CDC_PROJECT, async (app) => {
      assert.match(
        await startFailure(app, { port, host: "127.0.0.1" }),
        new RegExp(
          `^Invalid/false: app:NAME: the server at 127\\.0\\.0\\.1:${port} has wal_level = replica, logical replication needs logical: ALTER SYSTEM`,
        ),
      );
    })));
