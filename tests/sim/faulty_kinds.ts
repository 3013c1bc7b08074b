/**
 * Kinds and a history that fail as the seed says, and that know what is live.
 *
 * At most one thing goes wrong per change set, so that undoing it can be relied on: what is left must be exact.
 */
import { Failure, schema } from "../../src/core/mod.ts";
import { type Clock, defineResource, type Service } from "../../src/ports/mod.ts";
import type { SimulatedRandom } from "../../src/platform/simulated/mod.ts";
import {
  defineKind,
  type Entry,
  type History,
  type HistoryRecord,
  type KindDefinition,
  type KindServices,
  MemoryHistory,
  type TransactionListener,
} from "../../src/registry/mod.ts";

/** A live entry of a faulty kind. */
export interface Thing {
  readonly entry: Entry;
}

/** Resource type of things. */
export const ThingResource = defineResource<Thing>("sim.thing");

/** Time after which an operation counts as neither accepted nor rejected. */
export const OPERATION_MS = 1_000;

const LATE_MS_MAX = 5_000;
const UNDO_MS_MAX = 4_000;

type Fault = "reject" | "throw" | "late success" | "late failure" | "store";

const CONFIG = schema.object({
  value: schema.any(),
  needs: schema.list(schema.reference()),
  serves: schema.boolean({ default: false }),
  lifecycle: schema.any(),
});

/** What is needed to misbehave. */
export interface FaultPlan {
  readonly clock: Clock;
  readonly luck: SimulatedRandom;
  note(text: string): void;
  check(ok: boolean, rule: string): void;
}

/** Everything live, and the next thing to go wrong. */
export class FaultyWorld implements TransactionListener {
  readonly live = new Map<string, Thing>();
  /** False once faults have stopped. */
  active = true;
  readonly #plan: FaultPlan;
  #fault: { kind: Fault; countdown: number } | undefined;
  /** Until then something late may be taken back: one thing at a time goes wrong. */
  #lateUntilMs = 0;
  /** True while everything has gone well since the change set began. */
  #isClean = true;

  constructor(plan: FaultPlan) {
    this.#plan = plan;
  }

  begin(): void {
    const { clock, luck } = this.#plan;
    this.#isClean = clock.monotonicMs() >= this.#lateUntilMs;
    this.#fault = undefined;
    if (!this.active || luck.chance(0.5) || !this.#isClean) return;
    const kind = luck.pick(["reject", "throw", "late success", "late failure", "store"] as const);
    this.#fault = { kind, countdown: luck.below(6) };
  }

  /** Whether the history fails now. */
  takeStoreFault(): boolean {
    const isStore = this.#fault?.kind === "store";
    if (isStore) this.#happened();
    return isStore;
  }

  /** Definitions of the kinds: one that changes in place, one that does not, one internal. */
  kinds(): KindDefinition[] {
    const open = (context: KindServices & { entry: Entry; config: { needs: string[]; serves: boolean } }) =>
      this.#open(context);
    const close = async (current: { resource?: unknown }): Promise<void> => {
      const { entry } = current.resource as Thing;
      await this.#operation(`close ${entry.id}`, () => {
        this.#plan.check(this.live.get(entry.id) === current.resource, `${entry.id} was closed twice`);
        this.live.delete(entry.id);
      });
    };
    const shared = { config: CONFIG, provides: ThingResource, open, close };
    return [
      defineKind({ name: "sim.rigid", ...shared } as never),
      defineKind(
        {
          name: "sim.supple",
          ...shared,
          change: async (
            current: { resource?: unknown; service?: Service },
            { entry, config }: { entry: Entry; config: { serves: boolean } },
          ) => {
            const thing: Thing = { entry };
            await this.#operation(`change ${entry.id}`, () => {
              const isCurrent = this.live.get(entry.id) === current.resource;
              this.#plan.check(isCurrent, `${entry.id} was changed while it was not live`);
              this.live.set(entry.id, thing);
            });
            return config.serves
              ? { resource: thing, service: current.service ?? quietService() }
              : { resource: thing };
          },
        } as never,
      ),
    ];
  }

  async #open(
    context: KindServices & { entry: Entry; config: { needs: string[]; serves: boolean } },
  ): Promise<{ resource: Thing; service?: Service }> {
    const { entry, config } = context;
    const thing: Thing = { entry };
    await this.#operation(`open ${entry.id}`, () => {
      this.#plan.check(!this.live.has(entry.id), `${entry.id} was opened twice`);
      for (const need of config.needs) {
        if (!this.#isClean || context.entries.get(need) === undefined) continue;
        const isOrdered = !reaches(context.entries, need, entry.id);
        this.#plan.check(
          !isOrdered || this.live.has(need),
          `${entry.id} was opened before ${need}, which it needs`,
        );
      }
      this.live.set(entry.id, thing);
    });
    return config.serves ? { resource: thing, service: quietService() } : { resource: thing };
  }

  /** Takes some time, then does its work or goes wrong. */
  async #operation(name: string, work: () => void): Promise<void> {
    const { clock, luck, note } = this.#plan;
    const fault = this.#nextFault();
    if (luck.chance(0.5)) await clock.sleep(luck.below(200));
    if (fault === "late success" || fault === "late failure") {
      note(`${name}: ${fault}`);
      this.#lateUntilMs = clock.monotonicMs() + OPERATION_MS + LATE_MS_MAX + UNDO_MS_MAX;
      await clock.sleep(OPERATION_MS + luck.below(LATE_MS_MAX));
    }
    if (fault === "reject" || fault === "late failure") {
      note(`${name}: rejected`);
      throw new Failure("Invalid", "the seed does not like it", { retryable: false });
    }
    // What closes and then fails has closed; what opens or changes fails before it has an effect.
    if (fault !== "throw" || name.startsWith("close")) {
      work();
      note(name);
    }
    if (fault === "throw") {
      note(`${name}: throws`);
      throw new TypeError("a bug in the kind");
    }
  }

  #nextFault(): Fault | undefined {
    const fault = this.#fault;
    if (fault === undefined || fault.kind === "store") return undefined;
    fault.countdown -= 1;
    if (fault.countdown >= 0) return undefined;
    this.#happened();
    return fault.kind;
  }

  #happened(): void {
    this.#fault = undefined;
    this.#isClean = false;
  }
}

/** Whether `from` needs `to`, directly or not. */
function reaches(
  entries: KindServices["entries"],
  from: string,
  to: string,
  seen = new Set<string>(),
): boolean {
  if (from === to) return true;
  const entry = entries.get(from);
  if (entry === undefined || seen.has(from)) return false;
  seen.add(from);
  return (entry.data["needs"] as string[] | undefined ?? []).some((next) => reaches(entries, next, to, seen));
}

function quietService(): Service {
  return {
    start: () => Promise.resolve({ ended: new Promise<null>(() => {}), stop: () => Promise.resolve() }),
  };
}

/** A history in memory that takes its time and fails when the plan says so. */
export class FaultyHistory extends MemoryHistory implements History {
  readonly #world: FaultyWorld;
  readonly #plan: FaultPlan;

  constructor(world: FaultyWorld, plan: FaultPlan) {
    super(10_000);
    this.#world = world;
    this.#plan = plan;
  }

  override append(record: HistoryRecord): Promise<void> {
    return this.#store("append", () => super.append(record));
  }

  override moveHead(): Promise<void> {
    return this.#store("move head", () => super.moveHead());
  }

  async #store(what: string, work: () => void): Promise<void> {
    const { clock, luck, note } = this.#plan;
    if (luck.chance(0.5)) await clock.sleep(luck.below(50));
    if (this.#world.takeStoreFault()) {
      note(`${what}: disk full`);
      throw new Failure("Unavailable", "disk full");
    }
    work();
  }
}
