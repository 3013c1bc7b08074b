/**
 * The supervisor under faults: services that hang, crash, ignore signals and end late, while commands arrive at random.
 *
 * Throughout: one run per service; a start only while everything needed runs; statuses change in the documented ways; each
 * change is one event and one log line; delays between retries follow the policy; nothing starts unasked after its end.
 * After the faults: what is wanted runs, and a shutdown ends everything in order.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Lifecycle, ServiceStatus } from "../../src/ports/mod.ts";
import { type Faults, FaultyService } from "./faulty_service.ts";
import { lifecycleOf } from "./scripted_service.ts";
import { runSeeds, SEEDS_TIMEOUT_MS } from "./seeds.ts";
import { createWorld, type Trace, type World } from "./world.ts";

const FAULTS_MS = 120_000;

/** Statuses that may follow each other. Stopping a service that waits to be retried, or for others, has nothing to stop. */
const NEXT: Record<ServiceStatus, readonly ServiceStatus[]> = {
  unknown: ["starting", "stopped"],
  starting: ["running", "failed", "exited", "stopping"],
  running: ["stopping", "failed", "exited"],
  stopping: ["stopped"],
  failed: ["starting", "stopped"],
  stopped: ["starting", "stopped"],
  exited: ["starting", "stopped"],
};

interface Watched {
  status: ServiceStatus;
  failure: boolean;
  /** Whether somebody asked for it since it last came to an end. */
  isWanted: boolean;
  /** When it failed, and how often in a row without being stable. */
  failedAtMs: number | null;
  upSinceMs: number | null;
}

/** Watches events and starts, and knows what the entries say. */
class Watcher {
  readonly services = new Map<string, FaultyService>();
  readonly requires = new Map<string, readonly string[]>();
  readonly #world: World;
  readonly #watched = new Map<string, Watched>();
  updates = 0;

  constructor(world: World) {
    this.#world = world;
    world.bus.subscribe("supervisor", "", ({ kind, path, data }) => {
      world.trace.note(`${world.ports.clock.elapsedMs} ${kind} ${path} ${JSON.stringify(data ?? null)}`);
      if (kind === "service.start") this.#of(path).isWanted = true;
      if (kind === "service.stop") this.#of(path).isWanted = false;
      if (kind === "service.update") this.#update(path, data as { status: ServiceStatus; error?: string });
      if (kind === "service.remove") this.#watched.delete(path);
    });
  }

  #of(id: string): Watched {
    let watched = this.#watched.get(id);
    if (watched === undefined) {
      watched = { status: "unknown", failure: false, isWanted: false, failedAtMs: null, upSinceMs: null };
      this.#watched.set(id, watched);
    }
    return watched;
  }

  #update(id: string, { status, error }: { status: ServiceStatus; error?: string }): void {
    const watched = this.#of(id);
    this.updates += 1;
    this.#world.check(
      NEXT[watched.status].includes(status),
      `${id} went from ${watched.status} to ${status}`,
    );
    this.#world.check(status !== "failed" || error !== undefined, `${id} failed without a reason`);
    if (status === "starting") {
      this.#world.check(watched.isWanted, `${id} started though nobody wants it`);
      this.#checkDelay(id, watched);
    }
    watched.status = status;
    if (status === "exited") watched.isWanted = false;
    watched.failedAtMs = status === "failed" ? this.#world.ports.clock.monotonicMs() : null;
  }

  /** A retry waits at least the initial delay, and no longer than the cap and what it needs take. */
  #checkDelay(id: string, { failedAtMs }: Watched): void {
    const service = this.services.get(id);
    if (failedAtMs === null || service === undefined || this.#commanded.has(id)) return;
    const { initialDelayMs, jitter } = service.lifecycle.restart;
    const waited = this.#world.ports.clock.monotonicMs() - failedAtMs;
    this.#world.check(waited >= initialDelayMs * (1 - jitter) - 1e-6, `${id} was retried after ${waited} ms`);
  }

  /** Services that got a command lately; a start by hand cuts the wait short. */
  readonly #commanded = new Set<string>();

  commanded(id: string): void {
    this.#commanded.add(id);
  }

  /** Called by a service when its start begins: everything it needs runs, or has ended well. */
  starting(service: FaultyService): void {
    assert.equal(
      this.services.get(service.id),
      service,
      `${service.id} was replaced or removed, and started`,
    );
    for (const other of this.requires.get(service.id) ?? []) {
      if (!this.services.has(other) || this.#reaches(other, service.id)) continue;
      const state = this.#world.supervisor.state(other)!;
      const ok = state.status === "running" || state.status === "exited" && state.details === "";
      this.#world.check(ok, `${service.id} started while ${other} is ${state.status}`);
    }
  }

  #reaches(from: string, to: string, seen = new Set<string>()): boolean {
    if (from === to) return true;
    if (seen.has(from) || !this.services.has(from)) return false;
    seen.add(from);
    return (this.requires.get(from) ?? []).some((next) => this.#reaches(next, to, seen));
  }

  /** Whether `a` needs `b`, directly or not, and not the other way round. */
  needs(a: string, b: string): boolean {
    return a !== b && this.#reaches(a, b) && !this.#reaches(b, a);
  }
}

async function simulate(seed: number): Promise<Trace> {
  const world = createWorld(seed, { startsAtOnceMax: 1 + seed % 5 });
  const { ports: { clock, random }, supervisor, trace } = world;
  const workload = random.stream("workload");
  const watcher = new Watcher(world);
  const faults: Faults = {
    clock,
    active: true,
    note: (text) => trace.note(`${clock.elapsedMs} ${text}`),
    starting: (service) => watcher.starting(service),
    check: world.check,
  };
  const ids = Array.from({ length: 2 + workload.below(7) }, (_, i) => `s${i}`);
  let made = 0;

  const register = (id: string): Promise<void> => {
    const changes: Partial<Lifecycle> = {
      autoStart: workload.chance(0.7),
      startup: workload.chance(0.3) ? "optional" : "required",
      startTimeoutMs: workload.pick([0, 200, 1_000, 10_000]),
      stopTimeoutMs: workload.pick([100, 1_000, 10_000]),
      stableThresholdMs: workload.pick([100, 5_000]),
      requires: ids.filter((other) =>
        other !== id && workload.chance(other < id || workload.chance(0.05) ? 0.3 : 0)
      ),
    };
    const lifecycle = lifecycleOf({
      ...changes,
      restart: {
        initialDelayMs: workload.pick([10, 1_000]),
        maxDelayMs: workload.pick([1_000, 30_000]),
        jitter: workload.pick([0, 0.1]),
        maxAttempts: workload.pick([0, 0, 2]),
      },
    });
    made += 1;
    const service = new FaultyService(id, lifecycle, faults, random.stream(`service ${id} ${made}`));
    watcher.services.set(id, service);
    watcher.requires.set(id, lifecycle.requires);
    all.push(service);
    return supervisor.register(id, service, lifecycle, []);
  };
  const all: FaultyService[] = [];
  const open: Promise<unknown>[] = [];
  const attempt = (name: string, action: () => Promise<unknown>): void => {
    trace.note(`${clock.elapsedMs} command ${name}`);
    open.push(
      action().then(
        () => trace.note(`${name} done`),
        (error: Error) => trace.note(`${name}: ${error.message}`),
      ),
    );
  };
  const command = (): void => {
    const id = workload.pick(ids);
    watcher.commanded(id);
    const kind = workload.below(10);
    if (kind < 4) attempt(`start ${id}`, () => supervisor.start(id));
    else if (kind < 7) attempt(`stop ${id}`, () => supervisor.stop(id));
    else if (kind < 9) attempt(`register ${id}`, () => register(id));
    else {
      attempt(`remove ${id}`, () => supervisor.remove(id));
      watcher.services.delete(id);
    }
  };

  for (const id of ids) if (workload.chance(0.9)) attempt(`register ${id}`, () => register(id));
  attempt("start all", () => supervisor.startAll());
  while (clock.elapsedMs < FAULTS_MS) {
    world.assertRules();
    await clock.advance(workload.below(15_000));
    if (workload.chance(0.7)) command();
    if (workload.chance(0.1)) {
      for (const id of ids) watcher.commanded(id);
      attempt("stop all", () => supervisor.stopAll());
      if (workload.chance(0.5)) await clock.advance(workload.below(40_000));
      attempt("start all", () => supervisor.startAll());
    }
  }

  faults.active = false;
  await clock.drive(Promise.all(open));
  await finish(world, watcher, all);
  world.assertRules();
  return trace;
}

/** After the faults: everything can run, and everything ends. */
async function finish(world: World, watcher: Watcher, all: readonly FaultyService[]): Promise<void> {
  const { ports: { clock }, supervisor } = world;
  await clock.drive(supervisor.stopAll());
  await clock.drive(supervisor.startAll());
  for (const id of watcher.services.keys()) {
    watcher.commanded(id);
    await clock.drive(supervisor.start(id));
  }
  for (const { id, status, desired } of supervisor.states()) {
    assert.deepEqual([status, desired], ["running", "running"], `${id} runs once faults have stopped`);
  }
  // Late starts and stops of the faulty time come to their end, too.
  await clock.advance(500_000);
  for (const service of all) {
    const current = watcher.services.get(service.id) === service;
    assert.equal(service.live, current ? 1 : 0, `${service.id} has the right number of runs`);
  }
  await checkShutdown(world, watcher);
  for (const service of all) assert.equal(service.live, 0, `${service.id} is down after shutdown`);
  await clock.run();
  const lines = world.log.records.filter(({ message }) => /^service \S+ is [a-z]+$/.test(message)).length;
  assert.equal(lines, watcher.updates, "one log line per change of status");
}

async function checkShutdown(world: World, watcher: Watcher): Promise<void> {
  const { ports: { clock }, supervisor } = world;
  const stopped: string[] = [];
  const unsubscribe = world.bus.subscribe("supervisor", "service.update", ({ path, data }) => {
    const { status } = data as { status: ServiceStatus };
    if (status === "stopped") stopped.push(path);
    if (status !== "stopping") return;
    for (const id of watcher.services.keys()) {
      const isRight = !watcher.needs(id, path) || stopped.includes(id);
      world.check(isRight, `${path} stops before ${id}, which needs it`);
    }
  });
  await clock.drive(supervisor.stopAll());
  await clock.settle();
  unsubscribe();
  assert.deepEqual(stopped.toSorted(), [...watcher.services.keys()].sort());
}

test("the supervisor keeps its rules under faults, and everything finishes after them", {
  timeout: SEEDS_TIMEOUT_MS,
}, async () => {
  await runSeeds("supervisor.test.ts", simulate);
});

test("the same seed gives the same run, another seed another", async () => {
  const [first, second, other] = [await simulate(42), await simulate(42), await simulate(43)];
  assert.equal(first.hash, second.hash);
  assert.notEqual(first.hash, other.hash);
});
