/** Versions in a file: restarts, crashes, damage, older and newer schemas. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Failure } from "../../src/core/mod.ts";
import { MemoryHistory, SqliteHistory } from "../../src/registry/mod.ts";
import {
  FILES,
  graphOf,
  type HistoryPlace,
  keptHistorySuite,
  ports,
  refused,
  run as runIn,
  type Start,
  STATE_EVERY,
} from "./history_suite.ts";
import { create, registryWorld, update } from "./registry_world.ts";

async function inFolder(body: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "wippy-history-"));
  try {
    await body(join(folder, "deep", "registry.db"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function placeAt(path: string): HistoryPlace {
  const inDatabase = <T>(work: (database: ReturnType<typeof ports.sqlite.open>) => T): T => {
    const database = ports.sqlite.open(path);
    try {
      return work(database);
    } finally {
      database.close();
    }
  };
  return {
    open: () =>
      new SqliteHistory({
        sqlite: ports.sqlite,
        files: ports.files,
        path,
        name: "registry.db",
        checkpointEvery: STATE_EVERY,
      }),
    worker: [path],
    damage: (where) => inDatabase((it) => it.exec(`UPDATE versions SET changes = x'00' WHERE ${where}`)),
    graphs: () => inDatabase((it) => Number(it.prepare("SELECT count(*) AS n FROM graphs").all([])[0]!["n"])),
  };
}

keptHistorySuite("sqlite", (body) => inFolder((path) => body(placeAt(path))));

/** One run of an application with the file at `path`. */
function run<T>(path: string, start: Start, body: Parameters<typeof runIn<T>>[2]): Promise<T> {
  return runIn(placeAt(path), start, body);
}

test("a file that is no database, or damaged, is one clear error that names it", async () => {
  await inFolder(async (path) => {
    await run(path, { entries: FILES }, (registry) => registry.apply([create("a:z", "data")]));
    const good = readFileSync(path);
    const opened = () => refused(run(path, { entries: FILES }, () => {}));
    writeFileSync(
      path,
      "this is no database, whatever its name says; it is just text, and long enough to be read as a page",
    );
    const foreign = await opened();
    assert.equal(foreign.kind, "Unavailable");
    assert.match(
      foreign.message,
      /^registry history registry\.db can't be read: .*; restore it from a backup, or move it away/,
    );

    writeFileSync(path, good);
    const database = ports.sqlite.open(path);
    database.exec(
      "UPDATE versions SET changes = substr(changes, 1, length(changes) - 1) || x'ff' WHERE id = 1",
    );
    database.close();
    assert.match((await opened()).message, /registry\.db can't be read: version 1 is damaged; restore it/);

    writeFileSync(path, good.subarray(0, Math.floor(good.length / 2)));
    assert.match((await opened()).message, /^registry history registry\.db can't be read: /);

    writeFileSync(path, good);
    const headless = ports.sqlite.open(path);
    headless.exec("UPDATE meta SET value = '77' WHERE key = 'head'");
    headless.close();
    assert.match((await opened()).message, /the current version is missing/);
  });
});

test("a file of the first schema is brought up to date, its module graph filled in once [dep.resolve.history]", async () => {
  await inFolder(async (path) => {
    await run(path, { entries: FILES }, (registry) => registry.apply([create("a:z", "data")]));
    const old = ports.sqlite.open(path);
    old.exec(
      `DROP TABLE checkpoints; DROP TABLE files; ALTER TABLE versions DROP COLUMN graph; DROP TABLE graphs;
              PRAGMA user_version = 1`,
    );
    old.close();
    const graph = graphOf("1.0.0");
    await run(path, { entries: FILES, graph }, async (registry) => {
      assert.equal(registry.version().id, 1, "what the files say is what the head says: nothing new");
      assert.deepEqual(await registry.graphOf(1), graph);
    });
  });
});

test("a file of a newer program is refused as such", async () => {
  await inFolder(async (path) => {
    await run(path, {}, () => {});
    const database = ports.sqlite.open(path);
    database.exec("PRAGMA user_version = 99");
    database.close();
    const failure = await refused(run(path, {}, () => {}));
    assert.match(
      failure.message,
      /written by a newer version of this program \(schema 99, known \d+\); use that one$/,
    );
  });
});

test("a history is open in one program at a time", async () => {
  await inFolder(async (path) => {
    await run(path, { entries: FILES }, async (registry) => {
      const failure = await refused(run(path, {}, () => {}));
      assert.match(failure.message, /registry\.db can't be read: .*locked; another application has it open/);
      assert.equal((await registry.apply([create("a:z", "data")])).id, 1, "the first one goes on");
    });
  });
});

test("a version that can't be stored is undone [registry.tx]", async () => {
  const memory = new MemoryHistory(10);
  let full = false;
  const history = new Proxy(memory, {
    get(target, name) {
      const value = Reflect.get(target, name) as unknown;
      if (name !== "append") return typeof value === "function" ? value.bind(target) : value;
      return (record: Parameters<MemoryHistory["append"]>[0]) => {
        if (full) throw new Failure("Unavailable", "disk is full");
        target.append(record);
      };
    },
  });
  const world = registryWorld({ history });
  await world.registry.load({ entries: FILES });
  full = true;
  world.trace.length = 0;
  assert.equal((await refused(world.registry.apply([create("a:n", "traced")]))).message, "disk is full");
  assert.deepEqual(world.trace, ["open a:n", "close a:n"]);
  assert.equal(world.registry.version().id, 0);
  full = false;
  assert.equal((await world.registry.apply([create("a:n", "traced")])).id, 1);
});

test("without history only the current version is known", async () => {
  const world = registryWorld({ history: new MemoryHistory(1) });
  const { registry } = world;
  await registry.load({ entries: FILES });
  await registry.apply([update("a:x", "data", { v: 2 })]);
  await registry.apply([update("a:x", "data", { v: 3 })]);
  assert.equal(registry.version().id, 2);
  assert.deepEqual(registry.versions().map(({ id }) => id), [2]);
  assert.equal(registry.previous(2), undefined);
  assert.equal((await refused(registry.applyVersion(1))).message, "version not found");
  assert.equal((await refused(registry.snapshotAt(0))).kind, "NotFound");
});

test("a history in memory forgets its oldest versions, not the graph they had", async () => {
  const world = registryWorld({ history: new MemoryHistory(3) });
  const { registry } = world;
  await registry.load({ entries: FILES, graph: graphOf("1.0.0") });
  for (let v = 1; v <= 5; v++) await registry.apply([update("a:x", "data", { v })]);
  assert.deepEqual(registry.versions().map(({ id }) => id), [3, 4, 5]);
  assert.deepEqual((await registry.snapshotAt(3)).state.get("a:x")!.data, { v: 3 });
  assert.equal((await registry.graphOf(5))!.modules[0]!.version, "1.0.0");
  await registry.applyVersion(3);
  assert.deepEqual(registry.get("a:x")!.data, { v: 3 });
});
