/**
 * Nodes that share a history, in memory and in seeded orders: whatever they do at the same time, each change that was accepted is
 * one version, and in the end all are at the same one.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../src/core/mod.ts";
import {
  type History,
  historyMoved,
  type HistoryRecord,
  type Registry,
  type StoredHistory,
} from "../../src/registry/mod.ts";
import { create, entry, registryWorld } from "./registry_world.ts";

/** Numbers that look random, the same for the same seed. */
function numbers(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 >>> 0;
  return (below) => {
    state = (Math.imul(state ^ state >>> 15, 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return (state >>> 8) % below;
  };
}

/** What all nodes write to. A write may fail before it is done, and be done although it is said to have failed. */
class SharedStore {
  readonly records = new Map<number, HistoryRecord>();
  readonly watchers = new Set<() => void>();
  readonly #random: (below: number) => number;
  head: number | null = null;
  revision = 0;
  files: StoredHistory["files"] = new Map();
  isFaulty = false;

  constructor(random: (below: number) => number) {
    this.#random = random;
  }

  /** Lets others go first, by chance. */
  async pause(): Promise<void> {
    for (let turns = this.#random(6); turns > 0; turns--) await Promise.resolve();
    if (this.#random(4) === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  }

  /** One node's way to it. */
  node(): History {
    let known = 0;
    const stored = (): StoredHistory => {
      known = this.revision;
      return {
        versions: [...this.records.values()].map(({ version }) => version),
        head: this.head,
        files: this.files,
      };
    };
    const write = async (change: () => void): Promise<void> => {
      await this.pause();
      if (this.isFaulty && this.#random(8) === 0) throw new Failure("Unavailable", "lost before");
      if (known !== this.revision) throw historyMoved();
      change();
      this.revision++;
      for (const watcher of this.watchers) watcher();
      if (this.isFaulty && this.#random(8) === 0) throw new Failure("Unavailable", "lost after");
      known = this.revision;
      await this.pause();
    };
    return {
      open: async () => {
        await this.pause();
        return stored();
      },
      refresh: async () => {
        await this.pause();
        return known === this.revision ? undefined : stored();
      },
      watch: (changed) => {
        this.watchers.add(changed);
        return () => this.watchers.delete(changed);
      },
      operations: (version) => this.records.get(version)!.operations,
      checkpoint: () => undefined,
      graph: () => undefined,
      append: (record) =>
        write(() => {
          this.records.set(record.version.id, record);
          this.head = record.version.id;
          this.files = record.files ?? this.files;
        }),
      moveHead: (version) => write(() => void (this.head = version)),
      setFiles: (files) => write(() => void (this.files = files)),
      setGraph: () => {},
      forgotten: () => [],
      close: () => {},
    };
  }
}

async function work(node: Registry, name: string, random: (below: number) => number): Promise<number> {
  let accepted = 0;
  for (let step = 0; step < 12; step++) {
    const isBack = random(4) === 0;
    const wanted = isBack
      ? node.applyVersion(node.versions()[random(node.versions().length)]!.id)
      : node.apply([create(`a:${name}${step}`, "traced")]);
    await wanted.then(() => accepted += isBack ? 0 : 1, (error: Failure) => {
      assert(["Conflict", "Unavailable"].includes(error.kind), `${error.kind}: ${error.message}`);
      assert.equal(error.kind !== "Conflict" || error.retryable, true);
    });
  }
  return accepted;
}

for (const isFaulty of [false, true]) {
  const what = isFaulty ? "that fails now and then, and not always says so rightly" : "that works";
  test(`nodes on a history ${what} end at one version, with every change that was accepted [registry.history.storage]`, async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = numbers(seed);
      const store = new SharedStore(random);
      const files = [entry("a:file", "traced")];
      const worlds = Array.from({ length: 3 }, () => registryWorld({ history: store.node() }));
      const nodes = worlds.map(({ registry }) => registry);
      await Promise.all(nodes.map((node) => node.load({ entries: files })));
      store.isFaulty = isFaulty;
      const accepted = await Promise.all(nodes.map((node, i) => work(node, "xyz"[i]!, random)));
      store.isFaulty = false;
      for (let round = 0; round < 3; round++) {
        for (const node of nodes) {
          await node.apply([create(`a:last${round}${nodes.indexOf(node)}`, "traced")]);
        }
      }
      for (const node of nodes) {
        await node.load({ entries: files });
        assert.equal(node.version().id, store.head, `seed ${seed}`);
        assert.deepEqual(node.versions(), nodes[0]!.versions(), `seed ${seed}`);
        assert.deepEqual(
          [...node.state.all()].map(({ id }) => id).sort(),
          [...nodes[0]!.state.all()].map(({ id }) => id).sort(),
        );
      }
      const sum = accepted.reduce((total, count) => total + count, 0) + 9;
      if (isFaulty) assert(store.records.size - 1 >= sum, `seed ${seed}: a change that was accepted is lost`);
      else assert.equal(store.records.size - 1, sum, `seed ${seed}`);
      await Promise.all(nodes.map((node) => node.close()));
      assert(
        worlds.every(({ trace }) => !trace.some((line) => /could not be undone|observer failed/.test(line))),
      );
    }
  });
}
