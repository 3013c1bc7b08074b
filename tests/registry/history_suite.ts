/** What every history that outlives its program must do, wherever it keeps versions. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { Failure } from "../../src/core/mod.ts";
import { createPorts } from "../../src/platform/mod.ts";
import type { Entry, History, ModuleGraph, Registry, RegistryOptions } from "../../src/registry/mod.ts";
import { create, entry, registryWorld, remove, update, type WorldOptions } from "./registry_world.ts";

/** Ports of this machine. */
export const ports = createPorts();

/** Versions between two stored states in these tests. */
export const STATE_EVERY = 20;

/** Where one test keeps its versions. */
export interface HistoryPlace {
  /** A history of it, as a program opens it that starts. */
  open(): History;
  /** Arguments that lead the worker to it. */
  readonly worker: readonly string[];
  /** Makes the change sets of versions unreadable. */
  damage(where: string): void | Promise<void>;
  /** How many module graphs are stored. */
  graphs(): number | Promise<number>;
}

/** One run of an application. */
export interface Start {
  entries?: readonly Entry[];
  graph?: ModuleGraph;
  options?: WorldOptions;
}

/** Opens the registry, runs `body`, closes it. */
export async function run<T>(
  place: HistoryPlace,
  start: Start,
  body: (registry: Registry) => T | Promise<T>,
): Promise<T> {
  const { registry } = registryWorld({ history: place.open(), ports, ...start.options });
  try {
    await registry.load({ entries: start.entries ?? [], graph: start.graph });
    return await body(registry);
  } finally {
    await registry.close();
  }
}

/** The failure of what must fail. */
export async function refused(work: Promise<unknown>): Promise<Failure> {
  return await work.then(() => assert.fail("nothing failed"), (error: unknown) => {
    assert(error instanceof Failure, String(error));
    return error;
  });
}

/** The data of all entries, by id. */
export function dataOf(registry: Registry): Record<string, unknown> {
  return Object.fromEntries([...registry.state.all()].map(({ id, data }) => [id, data]));
}

/** A graph of one module. */
export function graphOf(version: string): ModuleGraph {
  return { modules: [{ name: "acme/m", version, origin: "vendor", hash: "00", dependencies: [] }] };
}

/** Entries as definition files say them. */
export const FILES = [entry("a:x", "data", { v: 1 }), entry("a:y", "traced", { value: 1 })];

/** Tests a history that is kept in `inPlace`; `skip` tells why that is not possible. */
export function keptHistorySuite(
  name: string,
  inPlace: (body: (place: HistoryPlace) => Promise<void>) => Promise<void>,
  skip: string | false = false,
): void {
  test(`${name}: edits, versions and their change sets survive a restart`, { skip }, async () => {
    await inPlace(async (place) => {
      await run(place, { entries: FILES }, async (registry) => {
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
      await run(place, { entries: FILES }, async (registry) => {
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

  test(
    `${name}: a restart with unchanged files makes no version, with changed ones one [registry.version.new]`,
    { skip },
    async () => {
      await inPlace(async (place) => {
        await run(place, { entries: FILES }, () => {});
        await run(place, { entries: FILES }, (registry) => assert.equal(registry.version().id, 0));
        const changed = [entry("a:x", "data", { v: 9 }), FILES[1]!];
        await run(place, { entries: changed }, async (registry) => {
          assert.equal(registry.version().id, 1);
          assert.deepEqual((await registry.changesOf(1)).map(({ entry: { id } }) => id), ["a:x"]);
        });
        await run(place, { entries: changed }, (registry) => assert.equal(registry.version().id, 1));
      });
    },
  );

  test(
    `${name}: going back survives a restart, until the files change [registry.apply_version]`,
    { skip },
    async () => {
      await inPlace(async (place) => {
        await run(place, { entries: FILES }, async (registry) => {
          await registry.apply([update("a:x", "data", { v: 2 })]);
          await registry.apply([update("a:x", "data", { v: 3 })]);
          await registry.applyVersion(1);
        });
        await run(place, { entries: FILES }, async (registry) => {
          assert.equal(registry.version().id, 1);
          assert.deepEqual(dataOf(registry), { "a:x": { v: 2 }, "a:y": { value: 1 } });
          const branch = await registry.apply([create("a:z", "data")]);
          assert.deepEqual([branch.id, branch.parent], [3, 1]);
        });
        await run(place, { entries: [entry("a:x", "data", { v: 100 })] }, (registry) => {
          assert.deepEqual([registry.version().id, registry.version().parent], [4, 3]);
          assert.deepEqual(dataOf(registry), { "a:x": { v: 100 }, "a:z": {} });
        });
      });
    },
  );

  test(
    `${name}: an edit made at run time is not taken back by a restart, one made in a file wins`,
    { skip },
    async () => {
      await inPlace(async (place) => {
        await run(
          place,
          { entries: FILES },
          (registry) => registry.apply([update("a:x", "data", { v: "api" }), remove("a:y")]),
        );
        await run(
          place,
          { entries: FILES },
          (registry) => assert.deepEqual(dataOf(registry), { "a:x": { v: "api" } }),
        );
        const edited = [FILES[0]!, entry("a:y", "traced", { value: 2 })];
        await run(place, { entries: edited }, (registry) => {
          assert.deepEqual(dataOf(registry), { "a:x": { v: "api" }, "a:y": { value: 2 } });
        });
      });
    },
  );

  test(
    `${name}: the stored state is replayed through the kinds in order of dependency [registry.version.new]`,
    { skip },
    async () => {
      await inPlace(async (place) => {
        await run(place, {}, async (registry) => {
          await registry.apply([create("a:base", "traced")]);
          await registry.apply([create("a:top", "traced", { needs: ["a:base"] })]);
          await registry.apply([update("a:base", "traced", { value: 1 })]);
        });
        const world = registryWorld({ history: place.open(), ports });
        await world.registry.load({ entries: [] });
        assert.deepEqual(world.trace, ["open a:base", "open a:top"]);
        await world.registry.close();
      });
    },
  );

  test(
    `${name}: many versions are opened from the nearest stored state`,
    { timeout: 60_000, skip },
    async () => {
      await inPlace(async (place) => {
        const last = STATE_EVERY + 3;
        await run(place, { entries: FILES }, async (registry) => {
          for (let v = 1; v <= last; v++) await registry.apply([update("a:x", "data", { v })]);
        });
        // What lies before the stored state is not read: even damaged it does no harm to a start.
        await place.damage(`id < ${STATE_EVERY}`);
        await run(place, { entries: FILES }, async (registry) => {
          assert.deepEqual(dataOf(registry), { "a:x": { v: last }, "a:y": { value: 1 } });
          assert.deepEqual((await registry.snapshotAt(STATE_EVERY + 1)).state.get("a:x")!.data, {
            v: STATE_EVERY + 1,
          });
          assert.match((await refused(registry.snapshotAt(3))).message, /version \d+ is damaged/);
        });
      });
    },
  );

  test(`${name}: a program killed between two versions leaves the newest complete one`, {
    timeout: 60_000,
    skip,
  }, async () => {
    await inPlace(async (place) => {
      for (const lines of [1, 7, 23]) {
        const writer = join(import.meta.dirname!, "history_worker.ts");
        const isDeno = "Deno" in globalThis;
        const child = spawn(
          process.execPath,
          [...isDeno ? ["run", "-A", "--no-check", "--quiet"] : [], writer, ...place.worker],
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
        await run(place, { entries: [entry("a:counter", "data", { value: 0 })] }, (registry) => {
          const { id } = registry.version();
          assert(id === reported || id === reported + 1, `version ${id} after ${reported} was reported`);
          assert.equal(registry.get("a:counter")!.data["value"], id);
          assert.equal(registry.state.size, id + 1, "every version before it is whole");
        });
      }
    });
  });

  test(
    `${name}: the module graph is stored with the version that changed it and found from later ones [ns.resolved-graph] [dep.resolve.history]`,
    { skip },
    async () => {
      await inPlace(async (place) => {
        const prepare: RegistryOptions["prepare"] = (operations) => ({
          operations,
          ...(operations.some(({ entry: { id } }) => id === "a:dep") ? { graph: graphOf("2.0.0") } : {}),
        });
        await run(
          place,
          { entries: FILES, graph: graphOf("1.0.0"), options: { prepare } },
          async (registry) => {
            await registry.apply([create("a:z", "data")]);
            await registry.apply([create("a:dep", "data")]);
          },
        );
        await run(place, { entries: FILES, graph: graphOf("1.0.0") }, async (registry) => {
          const versions = await Promise.all([0, 1, 2].map((id) => registry.graphOf(id)));
          assert.deepEqual(versions.map((graph) => graph!.modules[0]!.version), ["1.0.0", "1.0.0", "2.0.0"]);
        });
        assert.equal(await place.graphs(), 2, "stored by content");
      });
    },
  );
}
