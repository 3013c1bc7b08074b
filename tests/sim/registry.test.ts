/**
 * The registry under faults: kinds that refuse, crash, answer too late, and a history that can't be written, while change
 * sets and rollbacks arrive.
 *
 * Throughout: a change set takes effect in whole or not at all; version numbers rise; a version always means the same state;
 * what is live is what the current version says, once everything late has come in; bus events follow the protocol.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { asFailure, type Value } from "../../src/core/mod.ts";
import { type Change, type Entry, KindTable, Registry, type Version } from "../../src/registry/mod.ts";
import { ResourceTable } from "../../src/app/resources.ts";
import { type FaultPlan, FaultyHistory, FaultyWorld, OPERATION_MS, ThingResource } from "./faulty_kinds.ts";
import { runSeeds, SEEDS_TIMEOUT_MS } from "./seeds.ts";
import { createWorld, type Trace, type World } from "./world.ts";

const STEPS = 40;

type Model = ReadonlyMap<string, Entry>;

/** Follows the bus: every change set is begun, judged operation by operation, and ended once. */
function watchProtocol(world: World): void {
  let open = false;
  let pending: string | undefined;
  let rejected = false;
  world.bus.subscribe("registry", "", ({ kind, path }) => {
    const at = `${kind} ${path}`;
    world.trace.note(`${world.ports.clock.elapsedMs} ${at}`);
    if (kind === "registry.begin") {
      world.check(!open, "a change set began inside another");
      [open, pending, rejected] = [true, undefined, false];
    } else if (kind === "registry.commit" || kind === "registry.discard") {
      world.check(open && pending === undefined, `${at} without a change set, or before a verdict`);
      world.check(kind === "registry.discard" || !rejected, "a change set with a refusal was committed");
      open = false;
    } else if (kind === "entry.accept" || kind === "entry.reject") {
      world.check(pending === path, `${at} answers nothing`);
      rejected ||= kind === "entry.reject";
      pending = undefined;
    } else {
      world.check(
        open && pending === undefined && !rejected,
        `${at} outside a change set or after a refusal`,
      );
      pending = path;
    }
  });
}

function applied(model: Model, changes: readonly Change[]): Map<string, Entry> {
  const next = new Map(model);
  for (const change of changes) {
    if (change.kind === "entry.delete") next.delete(change.id);
    else next.set(change.entry.id, change.entry);
  }
  return next;
}

function contents(entries: Iterable<Entry>): Record<string, Value> {
  const all = [...entries].sort((a, b) => a.id < b.id ? -1 : 1);
  return Object.fromEntries(all.map(({ id, kind, data }) => [id, { kind, data }]));
}

class Simulation {
  readonly world: World;
  readonly faulty: FaultyWorld;
  readonly registry: Registry;
  readonly resources: ResourceTable;
  readonly #models = new Map<number, Model>();
  readonly #luck;
  #current = -1;
  #latest = -1;

  constructor(seed: number) {
    this.world = createWorld(seed);
    const { bus, check, log, ports, supervisor, trace } = this.world;
    const { clock, random } = ports;
    this.#luck = random.stream("workload");
    const plan: FaultPlan = {
      clock,
      luck: random.stream("faults"),
      note: (text) => trace.note(`${clock.elapsedMs} ${text}`),
      check,
    };
    this.faulty = new FaultyWorld(plan);
    this.resources = new ResourceTable(bus);
    const kinds = new KindTable(this.faulty.kinds());
    kinds.listen(this.faulty);
    const services = { ports, log, bus, resources: this.resources, services: supervisor, baseDirectory: "/" };
    this.registry = new Registry({
      kinds,
      services: () => services as never,
      history: new FaultyHistory(this.faulty, plan),
      operationTimeoutMs: OPERATION_MS,
    });
    watchProtocol(this.world);
  }

  get #model(): Model {
    return this.#models.get(this.#current) ?? new Map();
  }

  async run(): Promise<Trace> {
    const { clock } = this.world.ports;
    await clock.drive(this.world.supervisor.startAll());
    this.faulty.active = false;
    const first = new Map([...this.#entries(3)].map((entry) => [entry.id, entry]));
    const entries = [...first.values()].map((entry) => ({ ...entry, data: { ...entry.data, needs: [] } }));
    await clock.drive(this.registry.load({ entries }));
    this.#current = this.#latest = this.registry.version().id;
    this.#models.set(
      this.#current,
      new Map([...this.registry.state.all()].map((entry) => [entry.id, entry])),
    );
    this.faulty.active = true;
    for (let i = 0; i < STEPS; i += 1) {
      await clock.drive(this.#step());
      this.#judge();
      if (this.#luck.chance(0.3)) {
        await clock.advance(10_000);
        this.#judgeLive();
      }
    }
    this.faulty.active = false;
    await clock.advance(20_000);
    this.#judgeLive();
    await this.#history();
    await clock.drive(this.registry.close());
    assert.deepEqual([...this.faulty.live.keys()], [], "nothing outlives the registry");
    await clock.drive(this.world.supervisor.stopAll());
    await clock.run();
    this.world.assertRules();
    return this.world.trace;
  }

  async #step(): Promise<void> {
    const choice = this.#luck.below(10);
    if (choice < 6) await this.#apply(this.#changes());
    else if (choice < 8) await this.#rollback();
    else await Promise.all([this.#apply(this.#changes("left")), this.#apply(this.#changes("right"))]);
  }

  *#entries(count: number, side = ""): Generator<Entry> {
    for (let i = 0; i < count; i += 1) yield this.#entry(`sim:${side}${this.#luck.below(8)}`);
  }

  #entry(id: string, kind = this.#luck.pick(["sim.rigid", "sim.supple"])): Entry {
    const luck = this.#luck;
    const needs = luck.chance(0.5) ? [`sim:${luck.below(8)}`].filter((need) => need !== id) : [];
    const serves = luck.chance(0.3);
    return {
      id,
      kind,
      meta: {},
      data: { value: luck.below(1_000), needs, serves, lifecycle: { auto_start: true } },
    };
  }

  /** Changes that fit the current model, each id once; those of one side never meet those of the other. */
  #changes(side = ""): Change[] {
    const changes = new Map<string, Change>();
    for (const entry of this.#entries(1 + this.#luck.below(5), side)) {
      const existing = this.#model.get(entry.id);
      if (existing === undefined) changes.set(entry.id, { kind: "entry.create", entry });
      else if (this.#luck.chance(0.4)) changes.set(entry.id, { kind: "entry.delete", id: entry.id });
      else {
        const kind = this.#luck.chance(0.8) ? existing.kind : undefined;
        changes.set(entry.id, { kind: "entry.update", entry: this.#entry(entry.id, kind) });
      }
    }
    return [...changes.values()];
  }

  async #apply(changes: readonly Change[]): Promise<void> {
    const { trace, check } = this.world;
    let version: Version;
    try {
      version = await this.registry.apply(changes);
    } catch (error) {
      trace.note(`apply: ${asFailure(error).message}`);
      return;
    }
    const parent = this.registry.previous(version.id)!.id;
    check(version.id > this.#latest, `version ${version.id} came after ${this.#latest}`);
    check(
      parent === this.#current,
      `version ${version.id} was made from ${parent}, not from ${this.#current}`,
    );
    this.#models.set(version.id, applied(this.#models.get(parent)!, changes));
    this.#current = this.#latest = version.id;
    trace.note(`apply: version ${version.id}`);
  }

  async #rollback(): Promise<void> {
    const { trace } = this.world;
    const wanted = this.#luck.pick([...this.#models.keys()]);
    try {
      const version = await this.registry.applyVersion(wanted);
      assert.equal(version.id, wanted);
      this.#current = wanted;
      trace.note(`back to ${wanted}`);
    } catch (error) {
      trace.note(`rollback: ${asFailure(error).message}`);
    }
  }

  #judge(): void {
    this.world.assertRules();
    assert.equal(this.registry.version().id, this.#current);
    assert.deepEqual(contents(this.registry.state.all()), contents(this.#model.values()));
  }

  /** What is live is what the current version says. */
  #judgeLive(): void {
    this.world.assertRules();
    const live = [...this.faulty.live.values()].map(({ entry }) => entry);
    assert.deepEqual(contents(live), contents(this.#model.values()), "live entries are those of the version");
    for (const [id, thing] of this.faulty.live) {
      assert.equal(this.resources.find(ThingResource, id), thing, `${id} provides what is live`);
    }
    const serving = [...this.#model.values()].filter(({ data }) => data["serves"]).map(({ id }) => id).sort();
    const states = this.world.supervisor.states();
    assert.deepEqual(states.map(({ id }) => id), serving, "services are those of the version");
    assert.ok(states.every(({ status }) => status === "running"));
  }

  /** Every version still means what it meant, and each can be gone to and back from. */
  async #history(): Promise<void> {
    const { clock } = this.world.ports;
    for (const [id, model] of this.#models) {
      const { state } = await clock.drive(this.registry.snapshotAt(id));
      assert.deepEqual(contents(state.all()), contents(model.values()), `version ${id}`);
    }
    for (const id of [...this.#models.keys()].slice(-5)) {
      await clock.drive(this.registry.applyVersion(id));
      this.#current = id;
      this.#judge();
      this.#judgeLive();
    }
  }
}

async function simulate(seed: number): Promise<Trace> {
  const simulation = new Simulation(seed);
  try {
    return await simulation.run();
  } catch (error) {
    (error as Error).message += `\n${simulation.world.trace.tail.join("\n")}`;
    throw error;
  }
}

test("the registry keeps its rules under faults, and versions keep their meaning", {
  timeout: SEEDS_TIMEOUT_MS,
}, async () => {
  await runSeeds("registry.test.ts", simulate);
});

test("the same seed gives the same run of the registry, another seed another", async () => {
  const [first, second, other] = [await simulate(3), await simulate(3), await simulate(4)];
  assert.equal(first.hash, second.hash);
  assert.notEqual(first.hash, other.hash);
});
