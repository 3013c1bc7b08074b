/**
 * One open workflow: what it waits for outside, what has come and is not yet applied, and its world while it is in memory.
 *
 * R1. Steps are applied one at a time, in the order in which they came.
 * R2. A step and the commands it leads to are in the journal before anything is done outside.
 * R3. An idle world may be dropped: the journal gives it back.
 */
import { Failure, type Value } from "../core/mod.ts";
import type { CallResult } from "../lua/mod.ts";
import type { NativeProcess } from "../ports/mod.ts";
import type { LuaValue } from "../vm/mod.ts";
import {
  type Arrival,
  commandRow,
  extended,
  type Extent,
  type History,
  readHistory,
  type Step,
  stepRow,
  type VersionChoice,
  versionRow,
} from "./history.ts";
import type { EventRow, WorkflowRow } from "./journal.ts";
import { CANCELED, storedFailure } from "./stored_failure.ts";
import type { Issued, World } from "./world.ts";
import type { WorkflowEngine } from "./workflow_engine.ts";

/** Work outside. */
export interface Underway {
  /** Ends it: nobody waits for it any more. */
  end(): void;
  /** Asks it to end, of which it tells. */
  ask?(): void;
  /** The id that was chosen for it; `""` for none. */
  readonly id?: string;
}

/** An open workflow. */
export class Run {
  readonly row: WorkflowRow;
  readonly id: number;
  /** Numbers of the commands by which it waits for children to end, by the child's number. */
  readonly execs = new Map<number, number>();
  /** Work outside, by command. */
  readonly outside = new Map<number, Underway>();
  readonly #engine: WorkflowEngine;
  readonly #waiting: Step[] = [];
  readonly #listeners = new Set<(result: CallResult) => void>();
  #world: World | undefined;
  #extent: Extent = { length: 0, bytes: 0 };
  #isBusy = false;
  #work: Promise<void> = Promise.resolve();
  #isOver = false;
  native!: NativeProcess;

  constructor(engine: WorkflowEngine, row: WorkflowRow, id: number) {
    this.#engine = engine;
    this.row = row;
    this.id = id;
  }

  /** Whether its world could be dropped. */
  get isIdle(): boolean {
    return !this.#isOver && !this.#isBusy && this.#waiting.length === 0 && this.#world !== undefined;
  }

  /** Calls `listener` with its end. */
  onEnd(listener: (result: CallResult) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes note of something that came; it is applied when its turn comes. */
  arrive(arrival: Arrival, body: Uint8Array | null = null): void {
    if (this.#isOver) return;
    this.#waiting.push({ atMs: this.#engine.nowMs(), arrival, body });
    this.work();
  }

  /** Takes messages and events for the process that stands for it. */
  readonly receiver = {
    message: (topic: string, values: Value[], from: string): void => {
      this.arrive({ type: "message", topic, from }, this.#engine.encode(values as LuaValue[]));
    },
    event: (
      event: {
        kind: string;
        from: string;
        reason?: string;
        result?: { value: Value; error: Failure | null };
      },
    ): void => {
      const { from, kind, result } = event;
      if (kind === "pid.cancel") return this.arrive({ type: "cancel", from, reason: event.reason ?? "" });
      const failure = result?.error == null ? null : storedFailure(result.error);
      this.arrive(
        { type: "ended", event: kind, from, failure },
        this.#engine.encode([result?.value as LuaValue ?? null]),
      );
    },
    terminate: (): void => {
      const failure = new Failure("Canceled", "workflow terminated", { retryable: false });
      this.#engine.journal.close(this.row.serial, {
        atMs: this.#engine.nowMs(),
        failure: JSON.stringify(storedFailure(failure)),
        value: null,
      });
      this.#finish({ ok: false, error: this.#engine.luaError(storedFailure(failure)) });
    },
  };

  /** Applies what waits, and what the journal has when it is not in memory. */
  work(): void {
    if (this.#isBusy || this.#isOver) return;
    this.#isBusy = true;
    this.#work = this.#workAll().catch((error: unknown) => this.#engine.stuck(this, error)).finally(() => {
      this.#isBusy = false;
      this.#engine.settled(this);
    });
  }

  /** Resolves when what has come by now is applied and recorded. */
  get quiet(): Promise<void> {
    return this.#work;
  }

  async #workAll(): Promise<void> {
    const world = await this.#load();
    while (!this.#isOver && this.#waiting.length > 0) {
      if (world.broken !== undefined) throw world.broken;
      const step = this.#waiting.shift()!;
      await world.apply(step, extended(this.#extent, stepRow(step)));
      if (this.#isOver) return;
      if (world.broken !== undefined) throw world.broken;
      this.#record(world, step);
    }
  }

  /** The world, with its past. */
  async #load(): Promise<World> {
    if (this.#world !== undefined) return this.#world;
    const history = readHistory(this.#engine.journal.events(this.row.serial));
    const world = this.#engine.createWorld(this.row, history);
    this.#extent = history.extent;
    world.isReplaying = true;
    const issued: Issued[] = [];
    const asked: number[] = [];
    const versions: VersionChoice[] = [];
    for (const { extent, step } of history.steps) {
      await world.apply(step, extent);
      if (world.broken !== undefined) throw world.broken;
      const taken = world.take();
      issued.push(...taken.issued);
      asked.push(...taken.asked);
      versions.push(...taken.versions);
    }
    world.isReplaying = false;
    const { journal } = this.#engine;
    if (versions.length > 0) {
      journal.atomically(() => {
        for (const choice of versions) this.#append(versionRow(choice, this.#engine.nowMs()));
      });
    }
    this.#world = world;
    this.#resume(world, issued, new Set(asked), history);
    return world;
  }

  /** Goes on with what has no answer yet, unless it is under way. */
  #resume(world: World, issued: readonly Issued[], asked: ReadonlySet<number>, history: History): void {
    const ended = new Set(
      history.steps.flatMap(({ step: { arrival } }) => arrival.type === "ended" ? [arrival.from] : []),
    );
    for (const one of byDue(issued)) {
      const { command, number } = one;
      if (command.type === "exec") this.execs.set(command.serial, number);
      if (command.type === "exec" && world.awaits(number)) this.#engine.rejoin(this, command.serial);
      if (command.type === "spawn" && !ended.has(this.#engine.pidOf(command.serial))) {
        this.#engine.rejoin(this, command.serial);
      }
      const isAwaited = command.type === "call" || command.type === "timer";
      if (!isAwaited || !world.awaits(number) || this.outside.has(number)) continue;
      // What was asked to end has ended with the program.
      if (asked.has(number)) this.arrive({ type: "result", command: number, failure: CANCELED });
      else this.#engine.perform(this, one);
    }
  }

  #append(row: EventRow): void {
    this.#engine.journal.append(this.row.serial, this.#extent.length, row);
    this.#extent = extended(this.#extent, row);
  }

  #record(world: World, step: Step): void {
    const { asked, dropped, issued, versions } = world.take();
    const fresh = issued.filter(({ isKnown }) => !isKnown);
    const { result } = world;
    const { journal } = this.#engine;
    const { serial } = this.row;
    journal.atomically(() => {
      this.#append(stepRow(step));
      for (const choice of versions) this.#append(versionRow(choice, step.atMs));
      for (const { command, effect } of fresh) {
        this.#append(commandRow(command, step.atMs));
        if (effect.type === "attributes") journal.setAttributes(serial, effect.attributes);
        if (effect.type === "spawn") {
          journal.add(this.#engine.childRow(this.row, effect.serial, effect.child));
        }
      }
      if (result !== undefined) journal.close(serial, this.#engine.closedRow(result));
    });
    for (const number of dropped) {
      this.outside.get(number)?.end();
      this.outside.delete(number);
    }
    for (const one of byDue(fresh)) {
      if (one.command.type === "exec") this.execs.set(one.command.serial, one.number);
      if (!dropped.includes(one.number)) this.#engine.perform(this, one);
    }
    for (const number of asked) this.outside.get(number)?.ask?.();
    if (result !== undefined) this.#finish(result);
  }

  #finish(result: CallResult): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.leave();
    this.#engine.ended(this, result);
    for (const listener of this.#listeners) listener(result);
    this.#listeners.clear();
  }

  /** Ends all that it has under way outside, without ending it. */
  leave(): void {
    for (const work of this.outside.values()) work.end();
    this.outside.clear();
  }

  /** Stops everything: the worker stops, the workflow goes on with its next start. */
  pause(): void {
    this.#isOver = true;
    this.leave();
    this.native.leave();
    this.evict();
  }

  /** Forgets the world; the journal has it. */
  evict(): void {
    this.#world?.close();
    this.#world = undefined;
  }
}

/** In their order, but timers after all else and by their time: those that are due at once fire in the order they should have. */
function byDue(issued: readonly Issued[]): Issued[] {
  const dueOf = ({ effect }: Issued): number => effect.type === "timer" ? effect.dueMs : -Infinity;
  return [...issued].sort((a, b) => dueOf(a) === dueOf(b) ? 0 : dueOf(a) - dueOf(b));
}
