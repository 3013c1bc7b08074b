/** Versions in a file: restarts, crashes, damage, older and newer schemas. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { Failure } from "../../src/core/mod.ts";
import { createPorts } from "../../src/platform/mod.ts";
import {
  CHECKPOINT_EVERY,
  type Entry,
  MemoryHistory,
  type ModuleGraph,
  type Registry,
  type RegistryOptions,
  SqliteHistory,
} from "../../src/registry/mod.ts";
import { create, entry, registryWorld, remove, update, type WorldOptions } from "./registry_world.ts";

const ports = createPorts();

async function inFolder(body: (path: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "wippy-history-"));
  try {
    await body(join(folder, "deep", "registry.db"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Start {
  entries?: readonly Entry[];
  graph?: ModuleGraph;
  options?: WorldOptions;
}

/** Opens the registry at `path`, runs `body`, closes it: one run of an application. */
async function run<T>(path: string, start: Start, body: (registry: Registry) => T | Promise<T>): Promise<T> {
  const history = new SqliteHistory({ sqlite: ports.sqlite, files: ports.files, path, name: "registry.db" });
  const { registry } = registryWorld({ history, ports, ...start.options });
  try {
    await registry.load({ entries: start.entries ?? [], graph: start.graph });
    return await body(registry);
  } finally {
    await registry.close();
  }
}

async function refused(work: Promise<unknown>): Promise<Failure> {
  return await work.then(() => assert.fail("nothing failed"), (error: unknown) => {
    assert(error instanceof Failure, String(error));
    return error;
  });
}

function dataOf(registry: Registry): Record<string, unknown> {
  return Object.fromEntries([...registry.state.all()].map(({ id, data }) => [id, data]));
}

const FILES = [entry("a:x", "data", { v: 1 }), entry("a:y", "traced", { value: 1 })];

test("edits, versions and their change sets survive a restart", async () => {
  await inFolder(async (path) => {
    await run(path, { entries: FILES }, async (registry) => {
      await registry.apply([
        update("a:x", "data", {
          v: 2,
          big: 2n ** 60n,
          bytes: new Uint8Array([1, 255]),
          list: [null, 1.5, true],
        }),
      ]);
      await registry.apply([create("a:made", "data", {}, { tags: ["é", "🙂"] }), remove("a:y")]);
    });
    await run(path, { entries: FILES }, async (registry) => {
      assert.equal(registry.version().id, 2);
      assert.deepEqual(registry.versions().map(({ id, parent }) => [id, parent]), [[0, null], [1, 0], [
        2,
        1,
      ]]);
      assert.deepEqual(registry.get("a:x")!.data, {
        v: 2,
        big: 2n ** 60n,
        bytes: new Uint8Array([1, 255]),
        list: [null, 1.5, true],
      });
      assert.deepEqual(registry.get("a:made")!.meta, { tags: ["é", "🙂"] });
      assert.equal(registry.get("a:y"), undefined);
      assert.deepEqual((await registry.snapshotAt(0)).state.get("a:y"), FILES[1]);
      assert.deepEqual((await registry.changesOf(1)).map(({ kind }) => kind), ["entry.update"]);
      assert(registry.versions().every(({ createdMs }) => Math.abs(Date.now() - createdMs) < 600_000));
    });
  });
});

test("a restart with unchanged files makes no version, with changed ones one [registry.version.new]", async () => {
  await inFolder(async (path) => {
    await run(path, { entries: FILES }, () => {});
    await run(path, { entries: FILES }, (registry) => assert.equal(registry.version().id, 0));
    const changed = [entry("a:x", "data", { v: 9 }), FILES[1]!];
    await run(path, { entries: changed }, async (registry) => {
      assert.equal(registry.version().id, 1);
      assert.deepEqual((await registry.changesOf(1)).map(({ entry: { id } }) => id), ["a:x"]);
    });
    await run(path, { entries: changed }, (registry) => assert.equal(registry.version().id, 1));
  });
});

test("going back survives a restart, until the files change [registry.apply_version]", async () => {
  await inFolder(async (path) => {
    await run(path, { entries: FILES }, async (registry) => {
      await registry.apply([update("a:x", "data", { v: 2 })]);
      await registry.apply([update("a:x", "data", { v: 3 })]);
      await registry.applyVersion(1);
    });
    await run(path, { entries: FILES }, async (registry) => {
      assert.equal(registry.version().id, 1);
      assert.deepEqual(dataOf(registry), { "a:x": { v: 2 }, "a:y": { value: 1 } });
      const branch = await registry.apply([create("a:z", "data")]);
      assert.deepEqual([branch.id, branch.parent], [3, 1]);
    });
    await run(path, { entries: [entry("a:x", "data", { v: 100 })] }, (registry) => {
      assert.deepEqual([registry.version().id, registry.version().parent], [4, 3]);
      assert.deepEqual(dataOf(registry), { "a:x": { v: 100 }, "a:z": {} });
    });
  });
});

test("an edit made at run time is not taken back by a restart, one made in a file wins", async () => {
  await inFolder(async (path) => {
    await run(
      path,
      { entries: FILES },
      (registry) => registry.apply([update("a:x", "data", { v: "api" }), remove("a:y")]),
    );
    await run(
      path,
      { entries: FILES },
      (registry) => assert.deepEqual(dataOf(registry), { "a:x": { v: "api" } }),
    );
    const edited = [FILES[0]!, entry("a:y", "traced", { value: 2 })];
    await run(path, { entries: edited }, (registry) => {
      assert.deepEqual(dataOf(registry), { "a:x": { v: "api" }, "a:y": { value: 2 } });
    });
  });
});

test("the stored state is replayed through the kinds in order of dependency [registry.version.new]", async () => {
  await inFolder(async (path) => {
    await run(path, {}, async (registry) => {
      await registry.apply([create("a:base", "traced")]);
      await registry.apply([create("a:top", "traced", { needs: ["a:base"] })]);
      await registry.apply([update("a:base", "traced", { value: 1 })]);
    });
    const history = new SqliteHistory({ sqlite: ports.sqlite, files: ports.files, path });
    const world = registryWorld({ history, ports });
    await world.registry.load({ entries: [] });
    assert.deepEqual(world.trace, ["open a:base", "open a:top"]);
    await world.registry.close();
  });
});

test("many versions are opened from the nearest stored state", async () => {
  await inFolder(async (path) => {
    const last = CHECKPOINT_EVERY + 3;
    await run(path, { entries: FILES }, async (registry) => {
      for (let v = 1; v <= last; v++) await registry.apply([update("a:x", "data", { v })]);
    });
    const database = ports.sqlite.open(path);
    // What lies before the stored state is not read: even damaged it does no harm to a start.
    database.exec(`UPDATE versions SET changes = x'00' WHERE id < ${CHECKPOINT_EVERY}`);
    database.close();
    await run(path, { entries: FILES }, async (registry) => {
      assert.deepEqual(dataOf(registry), { "a:x": { v: last }, "a:y": { value: 1 } });
      assert.deepEqual((await registry.snapshotAt(CHECKPOINT_EVERY + 1)).state.get("a:x")!.data, {
        v: CHECKPOINT_EVERY + 1,
      });
      assert.match((await refused(registry.snapshotAt(3))).message, /version \d+ is damaged/);
    });
  });
});

test("a program killed between two versions leaves the newest complete one", {
  timeout: 60_000,
}, async () => {
  await inFolder(async (path) => {
    for (const lines of [1, 7, 23]) {
      const writer = join(import.meta.dirname!, "history_worker.ts");
      const isDeno = "Deno" in globalThis;
      const child = spawn(
        process.execPath,
        isDeno ? ["run", "-A", "--no-check", "--quiet", writer, path] : [writer, path],
        {
          stdio: ["ignore", "pipe", "inherit"],
        },
      );
      let told = "";
      await new Promise<void>((resolve, reject) => {
        child.on("error", reject);
        child.on("close", () => resolve());
        child.stdout.on("data", (chunk) => {
          told += String(chunk);
          if (told.split("\n").length > lines) child.kill("SIGKILL");
        });
      });
      const reported = Number(told.trimEnd().split("\n").at(told.endsWith("\n") ? -1 : -2));
      assert(reported > 0, `nothing was reported: ${told}`);
      await run(path, { entries: [entry("a:counter", "data", { value: 0 })] }, (registry) => {
        const { id } = registry.version();
        assert(id === reported || id === reported + 1, `version ${id} after ${reported} was reported`);
        assert.equal(registry.get("a:counter")!.data["value"], id);
        assert.equal(registry.state.size, id + 1, "every version before it is whole");
      });
    }
  });
});

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

function graphOf(version: string): ModuleGraph {
  return { modules: [{ name: "acme/m", version, origin: "vendor", hash: "00", dependencies: [] }] };
}

test("the module graph is stored with the version that changed it and found from later ones [ns.resolved-graph] [dep.resolve.history]", async () => {
  await inFolder(async (path) => {
    const prepare: RegistryOptions["prepare"] = (operations) => ({
      operations,
      ...(operations.some(({ entry: { id } }) => id === "a:dep") ? { graph: graphOf("2.0.0") } : {}),
    });
    await run(path, { entries: FILES, graph: graphOf("1.0.0"), options: { prepare } }, async (registry) => {
      await registry.apply([create("a:z", "data")]);
      await registry.apply([create("a:dep", "data")]);
    });
    await run(path, { entries: FILES, graph: graphOf("1.0.0") }, async (registry) => {
      const versions = await Promise.all([0, 1, 2].map((id) => registry.graphOf(id)));
      assert.deepEqual(versions.map((graph) => graph!.modules[0]!.version), ["1.0.0", "1.0.0", "2.0.0"]);
    });
    const database = ports.sqlite.open(path);
    assert.equal(
      database.prepare("SELECT count(*) AS n FROM graphs").all([])[0]!["n"],
      2,
      "stored by content",
    );
    database.close();
  });
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
