/** Versions in Postgres: restarts, crashes, damage, schemas, several nodes, a server that is not there. */
// services: postgres
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { test } from "node:test";
import { openSharedPostgres } from "../../src/kinds/mod.ts";
import { SimulatedClock } from "../../src/platform/simulated/mod.ts";
import type { SharedDatabase, SqlTransaction } from "../../src/ports/mod.ts";
import { PostgresHistory, type Registry } from "../../src/registry/mod.ts";
import { missing, serviceUrl } from "../services.ts";
import {
  dataOf,
  FILES,
  type HistoryPlace,
  keptHistorySuite,
  ports,
  refused,
  run,
  STATE_EVERY,
} from "./history_suite.ts";
import { create, entry, registryWorld, tracing, update, type WorldOptions } from "./registry_world.ts";

const skip = missing("postgres");
const DSN = serviceUrl("postgres")?.href ?? "";

function openDatabase(dsn = DSN): SharedDatabase {
  return openSharedPostgres(dsn, ports.clock, (path) => ports.files.readFile(path));
}

function historyIn(schema: string, dsn = DSN): PostgresHistory {
  return new PostgresHistory({
    clock: ports.clock,
    schema,
    checkpointEvery: STATE_EVERY,
    connect: () => Promise.resolve(openDatabase(dsn)),
  });
}

/** The server knows sessions of a history by its schema. */
function dsnOf(schema: string): string {
  return `${DSN}?application_name=${encodeURIComponent(schema)}`;
}

interface PostgresPlace extends HistoryPlace {
  readonly schema: string;
  readonly database: SharedDatabase;
}

/** A schema of its own, with a name that has to be quoted. */
async function inSchema(body: (place: PostgresPlace) => Promise<void>): Promise<void> {
  const schema = `History "${crypto.randomUUID().slice(0, 8)}"; DROP`;
  const quoted = `"${schema.replaceAll('"', '""')}"`;
  const database = openDatabase();
  try {
    await body({
      schema,
      database,
      open: () => historyIn(schema, dsnOf(schema)),
      worker: [DSN, schema],
      damage: async (where) => {
        await database.execute(`UPDATE ${quoted}.versions SET changes = '\\x00' WHERE ${where}`, []);
      },
      graphs: async () =>
        Number((await database.query(`SELECT count(*) AS n FROM ${quoted}.graphs`, [])).rows[0]!["n"]),
    });
  } finally {
    await database.execute(`DROP SCHEMA IF EXISTS ${quoted} CASCADE`, []);
    database.close();
  }
}

keptHistorySuite("postgres [registry.history.storage]", inSchema, skip);

/** Two nodes on one history. */
async function onTwoNodes(
  place: HistoryPlace,
  body: (first: Registry, second: Registry) => Promise<void>,
  ofFirst: WorldOptions = {},
): Promise<void> {
  const first = registryWorld({ history: place.open(), ports, ...ofFirst }).registry;
  const second = registryWorld({ history: place.open(), ports }).registry;
  try {
    await Promise.all([first.load({ entries: FILES }), second.load({ entries: FILES })]);
    await body(first, second);
  } finally {
    await first.close();
    await second.close();
  }
}

/** Resolves when `done`; a node hears of the other one in its own time. */
async function until(done: () => boolean, what: string): Promise<void> {
  for (const end = performance.now() + 10_000; !done();) {
    assert(performance.now() < end, `waited for ${what}`);
    await ports.clock.sleep(1);
  }
}

test(
  "nodes that start at the same time share their first version [registry.history.storage]",
  { skip },
  async () => {
    await inSchema((place) =>
      onTwoNodes(place, async (first, second) => {
        assert.deepEqual(first.versions(), second.versions());
        assert.deepEqual([first.version().id, second.version().id], [0, 0]);
        await Promise.resolve();
      })
    );
  },
);

test(
  "what one node changes, the other one follows, back as well [registry.history.storage] [registry.apply_version]",
  { skip },
  async () => {
    await inSchema((place) =>
      onTwoNodes(place, async (first, second) => {
        await first.apply([update("a:x", "data", { v: 2 }), create("a:new", "traced")]);
        await until(() => second.version().id === 1, "the second node");
        assert.deepEqual(dataOf(second), dataOf(first));
        assert.deepEqual(second.versions(), first.versions());
        assert.deepEqual(await second.changesOf(1), await first.changesOf(1));
        await second.applyVersion(0);
        await until(() => first.version().id === 0, "the first node");
        assert.deepEqual(dataOf(first), { "a:x": { v: 1 }, "a:y": { value: 1 } });
      })
    );
  },
);

test("what one node read from files, the other one knows [registry.history.storage]", { skip }, async () => {
  await inSchema((place) =>
    onTwoNodes(place, async (first, second) => {
      const edited = [entry("a:x", "data", { v: 7 }), entry("a:more", "data")];
      await first.load({ entries: edited });
      await until(() => second.version().id === 1, "the second node");
      assert.equal((await second.load({ entries: edited })).id, 1, "the files say nothing new");
      assert.deepEqual(dataOf(second), { "a:x": { v: 7 }, "a:more": {} });
      assert.equal((await second.load({ entries: FILES })).id, 2);
      assert.deepEqual(dataOf(second), { "a:x": { v: 1 }, "a:y": { value: 1 } });
    })
  );
});

test(
  "of two changes at the same time one wins; the other one is a conflict that says so [registry.history.storage]",
  { skip },
  async () => {
    await inSchema((place) =>
      onTwoNodes(place, async (first, second) => {
        let conflicts = 0;
        for (let round = 1; round <= 8; round++) {
          const outcomes = await Promise.allSettled([
            first.apply([create(`a:first${round}`, "data")]),
            second.apply([create(`a:second${round}`, "data")]),
          ]);
          for (const outcome of outcomes) {
            if (outcome.status === "fulfilled") continue;
            conflicts++;
            assert.equal(outcome.reason.kind, "Conflict");
            assert.equal(outcome.reason.retryable, true);
            assert.match(
              outcome.reason.message,
              /another node changed the registry at the same time: v\d+ is current now/,
            );
          }
        }
        assert(conflicts > 0, "nothing happened at the same time");
        const last = Math.max(first.version().id, second.version().id);
        assert.equal(last, 16 - conflicts, "every change that was accepted is one version");
        await until(() => first.version().id === last && second.version().id === last, "both nodes");
        assert.deepEqual(dataOf(first), dataOf(second));
        assert.deepEqual(first.versions(), second.versions());
        assert.deepEqual(first.versions().map(({ id, parent }) => parent === null ? 0 : id - parent), [
          0,
          ...Array.from({ length: last }, () => 1),
        ]);
      })
    );
  },
);

test(
  "a node that can't follow stays where it is, and changes nothing [registry.history.storage]",
  { skip },
  async () => {
    await inSchema((place) =>
      onTwoNodes(place, async (first, second) => {
        await first.apply([create("a:only_here", "special")]);
        const failure = await refused(second.apply([create("a:z", "data")]));
        assert.equal(failure.kind, "Unavailable");
        assert.match(failure.message, /this node can't follow another one to v1: .*special/);
        assert.equal(second.version().id, 0);
        assert.equal(first.version().id, 1);
        await first.apply([{ kind: "entry.delete", id: "a:only_here" }]);
        assert.equal((await second.apply([create("a:z", "data")])).id, 3);
      }, { kinds: [tracing([], "special")] })
    );
  },
);

test(
  "damage is one clear error that names the place and what to do [registry.history.storage]",
  { skip },
  async () => {
    await inSchema(async (place) => {
      await run(place, { entries: FILES }, (registry) => registry.apply([create("a:z", "data")]));
      await place.damage("id = 1");
      const failure = await refused(run(place, { entries: FILES }, () => {}));
      assert.match(
        failure.message,
        /^registry history in 127\.0\.0\.1:\d+\/postgres, schema History .*, can't be read: version 1 is damaged; restore it/,
      );
    });
  },
);

test("a schema of a newer program is refused as such [registry.history.storage]", { skip }, async () => {
  await inSchema(async (place) => {
    await run(place, {}, () => {});
    const quoted = `"${place.schema.replaceAll('"', '""')}"`;
    await place.database.execute(`UPDATE ${quoted}.meta SET value = '99'`, []);
    const failure = await refused(run(place, {}, () => {}));
    assert.match(
      failure.message,
      /written by a newer version of this program \(schema 99, known \d+\); use that one$/,
    );
  });
});

test(
  "a server lost at run time: changes are refused, the version stays, and goes on when it is back [registry.history.storage]",
  { skip },
  async () => {
    await inSchema(async (place) => {
      await run(place, { entries: FILES }, async (registry) => {
        const kill =
          "SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity WHERE application_name = $1";
        let ended = 0;
        const refusals: string[] = [];
        // Sessions may end between any two statements; whatever was accepted is there.
        for (let v = 1; v <= 20; v++) {
          const ending = v % 4 === 0 ? place.database.query(kill, [place.schema]) : undefined;
          await registry.apply([update("a:x", "data", { v })]).catch((error) => {
            assert.equal(error.kind, "Unavailable");
            refusals.push(error.message);
            assert.deepEqual(registry.get("a:y")!.data, { value: 1 });
          });
          ended += (await ending)?.rows.length ?? 0;
        }
        assert(ended >= 5, `${ended} sessions were ended`);
        const { id } = registry.version();
        assert(id + refusals.length >= 20, `${id} versions and ${refusals.length} refusals`);
      });
    });
  },
);

test(
  "a server that is not there, or does not answer, is told of within a limit; credentials never are [registry.history.storage] [config.registry.path]",
  { timeout: 60_000 },
  async () => {
    const silent = createServer((socket) => socket.on("error", () => {}));
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const { port } = silent.address() as { port: number };
    try {
      for (
        const [dsn, pattern] of [
          [
            "postgres://me:s3cret@127.0.0.1:1/db",
            /127\.0\.0\.1:1\/db, .* can't be opened: .*connection refused/,
          ],
          ["host=127.0.0.1 port=1 user=me password='s3cret x' dbname=db", /connection refused/],
          [`postgres://me:s3cret@127.0.0.1:${port}/db?connect_timeout=1`, /does not answer/],
          ["postgres://me:s3cret@@127.0.0.1:zwei/db", /the DSN can't be used/],
          ["user=me password=s3cret port", /neither a postgres:\/\/ URL nor key=value pairs/],
          ["postgres://me:s3cret%@127.0.0.1/db", /the DSN can't be used/],
          ["postgres://127.0.0.1/db", /names no user/],
          ["postgres://me:s3cret@127.0.0.1/db?sslmode=maybe", /sslmode/],
        ] as const
      ) {
        const { registry } = registryWorld({
          history: new PostgresHistory({
            clock: ports.clock,
            schema: "",
            connect: async () => await Promise.resolve(openDatabase(dsn)),
          }),
          ports,
        });
        const failure = await refused(registry.load({ entries: FILES }));
        assert.match(failure.message, pattern);
        assert(
          !JSON.stringify([failure.message, failure.details, String(failure.cause)]).includes("s3cret"),
          failure.message,
        );
        await registry.close();
      }
    } finally {
      silent.close();
    }
    assert.throws(() => historyIn("x".repeat(64)), { kind: "Invalid", message: /history_schema/ });
  },
);

test("a commit that is never answered ends within the limit, too [registry.history.storage]", async () => {
  const clock = new SimulatedClock();
  let commits = 0;
  const rows = [{ is_made: true, has_schema: true, value: "1" }];
  const transaction = {
    active: true,
    query: () => rows,
    execute: () => ({ rows: [], rowsAffected: 1, lastInsertId: 0 }),
    commit: () => {
      commits++;
      return new Promise<void>(() => {});
    },
  } as unknown as SqlTransaction;
  const database = { place: "there", begin: () => transaction, close() {} } as unknown as SharedDatabase;
  const history = new PostgresHistory({ clock, schema: "", connect: () => Promise.resolve(database) });
  const opening = assert.rejects(history.open(), { kind: "Unavailable", message: /took longer than 10s/ });
  await clock.settle();
  assert.equal(commits, 1);
  await clock.advance(10_000);
  await opening;
  history.close();
});
