/**
 * One open workflow: what it waits for outside, what has come and is not yet applied, and its world while it is in memory.
 *
 * R1. Steps are applied one at a time, in the order in which they came.
 * R2. A step and the commands it leads to are in the journal before anything is done outside.
 * R3. An idle world may be dropped: the journal gives it back.
 * R4. A workflow has one run after another, each with a history of its own; what answers a command of one run reaches no other.
 * R5. What comes while no step can be applied is held in the journal.
 */
import { printDurationNs } from "../core/mod.ts";
import { type CallResult, luaErrorOf } from "../lua/mod.ts";
import type { NativeProcess, TimerHandle } from "../ports/mod.ts";
import { LuaError } from "../vm/mod.ts";
import { Alarms, type Occasions } from "./alarms.ts";
import { byDue, type Underway } from "./effects.ts";
import {
  type Arrival,
  commandRow,
  extended,
  type Extent,
  type History,
  readHistory,
  readStep,
  type Step,
  stepRow,
  versionRow,
} from "./history.ts";
import type { EventRow, NextRun, WorkflowRow } from "./journal.ts";
import { ID_BASE, terminated } from "./namespace.ts";
import { replay, type Replayed } from "./replay.ts";
import { type KeptOptions, keptOptions } from "./start_options.ts";
import { CANCELED, luaErrorOfStored } from "./stored_failure.ts";
import type { World } from "./world.ts";
import type { WorkflowEngine } from "./workflow_engine.ts";

/** First wait before a step is tried again that took too long, and the longest. */
const STALL_MS = 1_000;
const STALL_MS_MAX = 600_000;

/** A step that waits for its turn, and what it is released by when it was held. */
interface Waiting {
  readonly step: Step;
  readonly held: number | undefined;
}

/** `paused` and `over` take nothing any more; a `stuck` one waits for code that fits its history, a `waiting` one for its time. */
type State = "waiting" | "open" | "stuck" | "paused" | "over";

/** An open workflow. */
export class Run {
  row: WorkflowRow;
  readonly id: number;
  readonly options: KeptOptions;
  readonly native: NativeProcess;
  /** Numbers of the commands by which it waits for children to end, by the child's number. */
  readonly execs = new Map<number, number>();
  /** Work outside, by command. */
  readonly outside = new Map<number, Underway>();
  /** What ends its relations with processes outside, by wish. */
  readonly watching = new Map<string, () => void>();
  readonly #engine: WorkflowEngine;
  readonly #alarms: Alarms;
  readonly #occasions: Occasions = {
    due: () => {
      this.#silence();
      this.open();
    },
    expire: (what, ms) => this.#expire(what, ms),
  };
  #state: State = "waiting";
  #waiting: Waiting[] = [];
  #heldUpTo = 0;
  #world: World | undefined;
  #extent: Extent = { length: 0, bytes: 0 };
  #isBusy = false;
  #work: Promise<void> = Promise.resolve();
  #stalls = 0;
  #stall: TimerHandle | undefined;

  /** `register` makes the process that stands for it. */
  constructor(engine: WorkflowEngine, row: WorkflowRow, register: (run: Run) => NativeProcess) {
    this.#engine = engine;
    this.row = row;
    this.id = ID_BASE + row.serial;
    this.options = keptOptions(row.options);
    this.#alarms = new Alarms((delayMs, fire) => engine.timer(delayMs, fire));
    this.native = register(this);
  }

  /** Whether its world could be dropped. */
  get isIdle(): boolean {
    return this.#state === "open" && !this.#isBusy && this.#waiting.length === 0 && this.#world !== undefined;
  }

  // --- What comes -----------------------------------------------------------------------------------------------------

  /** Begins its run, goes on with it, or waits until it is due. */
  open(): void {
    const { journal } = this.#engine;
    const { runMs, serial } = this.row;
    const nowMs = this.#engine.nowMs();
    const hasBegun = journal.hasEvents(serial);
    this.#state = hasBegun || runMs <= nowMs ? "open" : "waiting";
    this.#alarms.set(this.row, this.options, nowMs, this.#occasions);
    if (this.#state === "open" && !hasBegun) this.arrive({ type: "start" });
    for (const { position, ...row } of journal.held(serial)) this.takeHeld(readStep(row), position);
    this.work();
  }

  /** Takes note of something that came; it is applied when its turn comes. */
  arrive(arrival: Arrival, body: Uint8Array | null = null): void {
    const step = { atMs: this.#engine.nowMs(), arrival, body };
    if (this.#state === "open") {
      this.#waiting.push({ step, held: undefined });
      return this.work();
    }
    if (this.#isHeld(arrival)) this.takeHeld(step, this.#engine.journal.hold(this.row.serial, stepRow(step)));
  }

  /** Takes something that the journal holds for it. */
  takeHeld(step: Step, position: number): void {
    if (position <= this.#heldUpTo) return;
    if (this.#state === "waiting" && step.arrival.type === "cancel") {
      // There is nobody yet who could end gracefully.
      return this.#conclude({ ok: false, error: luaErrorOfStored(CANCELED) }, undefined);
    }
    if (this.#state !== "open") return;
    this.#heldUpTo = position;
    this.#waiting.push({ step, held: position });
    this.work();
  }

  /** What nobody else would tell again. */
  #isHeld({ type }: Arrival): boolean {
    return (type === "message" || type === "cancel") &&
      (this.#state === "waiting" || this.#state === "stuck");
  }

  /** A way to answer commands of this run; what comes when it is over goes nowhere. */
  get answering(): (arrival: Arrival, body?: Uint8Array | null) => void {
    const { run } = this.row;
    return (arrival, body = null) => {
      if (this.row.run === run) this.arrive(arrival, body);
    };
  }

  /** Ends it by force. */
  terminate(): void {
    this.#conclude({ ok: false, error: luaErrorOf(terminated()) }, undefined);
  }

  // --- Time -----------------------------------------------------------------------------------------------------------

  #expire(what: "run" | "execution", ms: number): void {
    const message = `workflow ${what} timed out after ${printDurationNs(ms * 1e6)}`;
    const error = new LuaError(message, "Timeout", false);
    const wasCancelled = what === "execution" || this.#world?.wasCancelled === true;
    const next = this.#engine.following(this, { error, isTimeout: true, wasCancelled });
    this.#conclude({ ok: false, error }, next);
  }

  #silence(): void {
    this.#alarms.silence();
    this.#stall?.cancel();
    this.#stall = undefined;
  }

  // --- Steps ----------------------------------------------------------------------------------------------------------

  /** Applies what waits, and what the journal has when it is not in memory. */
  work(): void {
    if (this.#isBusy || this.#state !== "open" || this.#stall !== undefined) return;
    this.#isBusy = true;
    this.#work = this.#workAll().catch((error: unknown) => this.#stop(error)).finally(() => {
      this.#isBusy = false;
      // What came after the last look, and before anybody knew that it was the last.
      if (this.#waiting.length > 0) this.work();
      this.#engine.settled(this);
    });
  }

  /** Resolves when what has come by now is applied and recorded. */
  get quiet(): Promise<void> {
    return this.#work;
  }

  async #workAll(): Promise<void> {
    for (
      let isFirst = true;
      this.#state === "open" && (isFirst || this.#waiting.length > 0);
      isFirst = false
    ) {
      const { run } = this.row;
      const isCurrent = (): boolean => this.#state === "open" && this.row.run === run;
      const world = this.#world ?? await this.#load(isCurrent);
      if (!isCurrent()) continue;
      if (world === undefined || world.hasOverrun) return this.#wait();
      const [next] = this.#waiting;
      if (next === undefined) continue;
      if (world.broken !== undefined) throw world.broken;
      await world.apply(next.step, extended(this.#extent, stepRow(next.step)));
      if (!isCurrent()) continue;
      if (world.hasOverrun) return this.#wait();
      if (world.broken !== undefined) throw world.broken;
      this.#waiting.shift();
      this.#record(world, next);
    }
  }

  /** A step took longer than it may: it is tried again, later each time. */
  #wait(): void {
    this.evict();
    this.#engine.namespace.release(this.row.serial);
    const delayMs = Math.min(STALL_MS_MAX, STALL_MS * 2 ** this.#stalls++);
    this.#engine.stalled(this, delayMs);
    this.#stall = this.#engine.timer(delayMs, () => {
      this.#stall = undefined;
      this.work();
    });
  }

  /** Its code does not fit its history: what nobody would tell again is held until the next start. */
  #stop(error: unknown): void {
    if (this.#state !== "open") return;
    this.#state = "stuck";
    const { journal, namespace } = this.#engine;
    namespace.release(this.row.serial);
    journal.atomically(() => this.#holdWaiting());
    this.#engine.stuck(this, error);
  }

  #holdWaiting(): void {
    for (const { held, step } of this.#waiting) {
      if (held !== undefined || step.arrival.type !== "message" && step.arrival.type !== "cancel") continue;
      this.#engine.journal.hold(this.row.serial, stepRow(step));
    }
    this.#waiting = [];
  }

  /** The world, with its past; undefined when that took too long, or the run is over meanwhile. */
  async #load(isCurrent: () => boolean): Promise<World | undefined> {
    const history = readHistory(this.#engine.journal.events(this.row.serial));
    const world = this.#engine.createWorld(this, history);
    this.#extent = history.extent;
    const replayed = await replay(world, history, isCurrent);
    if (replayed === undefined) return undefined;
    const { versions } = replayed;
    const { journal } = this.#engine;
    if (versions.length > 0) {
      journal.atomically(() => {
        for (const choice of versions) this.#append(versionRow(choice, this.#engine.nowMs()));
      });
    }
    this.#world = world;
    this.#resume(world, replayed, history);
    return world;
  }

  /** Goes on with what has no answer yet, unless it is under way. */
  #resume(world: World, { asked, issued }: Replayed, history: History): void {
    const ended = new Set(
      history.steps.flatMap(({ step: { arrival } }) => arrival.type === "ended" ? [arrival.from] : []),
    );
    for (const one of byDue(issued)) {
      const { command, number } = one;
      if (command.type === "exec") {
        if (!command.isJoined) this.execs.set(command.serial, number);
        if (world.awaits(number)) this.#engine.rejoin(this, command, number);
      }
      if (command.type === "spawn" && !ended.has(command.pid ?? this.#engine.pidOf(command.serial))) {
        this.#engine.rejoin(this, command, number);
      }
      const isAwaited = command.type === "call" || command.type === "timer";
      if (!isAwaited || !world.awaits(number) || this.outside.has(number)) continue;
      // What was asked to end has ended with the program.
      if (asked.has(number)) this.arrive({ type: "result", command: number, failure: CANCELED });
      else this.#engine.perform(this, one);
    }
    for (const wish of world.wishes) this.#engine.watch(this, wish);
  }

  #append(row: EventRow): void {
    this.#engine.journal.append(this.row.serial, this.#extent.length, row);
    this.#extent = extended(this.#extent, row);
  }

  #record(world: World, { held, step }: Waiting): void {
    const { asked, dropped, issued, versions } = world.take();
    const fresh = issued.filter(({ isKnown }) => !isKnown);
    const { result } = world;
    const { journal, namespace } = this.#engine;
    const { serial } = this.row;
    const next = result === undefined ? undefined : this.#engine.following(this, {
      error: result.ok ? null : result.error,
      isTimeout: false,
      wasCancelled: world.wasCancelled,
    });
    const passed = journal.atomically(() => {
      this.#append(stepRow(step));
      if (held !== undefined) journal.release(held);
      for (const choice of versions) this.#append(versionRow(choice, step.atMs));
      for (const { command } of fresh) this.#append(commandRow(command, step.atMs));
      const given = fresh.map((one) => this.#engine.enroll(this, one));
      if (result !== undefined) this.#close(result, next);
      return given;
    });
    namespace.release(serial);
    this.#engine.recorded(this, step);
    this.#stalls = 0;
    for (const number of dropped) {
      this.outside.get(number)?.end();
      this.outside.delete(number);
    }
    for (const give of passed) give?.();
    for (const one of byDue(fresh)) {
      if (one.command.type === "exec" && !one.command.isJoined) {
        this.execs.set(one.command.serial, one.number);
      }
      if (!dropped.includes(one.number)) this.#engine.perform(this, one);
    }
    for (const number of asked) this.outside.get(number)?.ask?.();
    if (result !== undefined) this.#leaveRun(result, next);
  }

  // --- Ends -----------------------------------------------------------------------------------------------------------

  /** Ends its run from outside of its steps. */
  #conclude(result: CallResult, next: NextRun | undefined): void {
    if (this.#state === "over" || this.#state === "paused") return;
    this.#engine.journal.atomically(() => this.#close(result, next));
    this.#engine.namespace.release(this.row.serial);
    this.#leaveRun(result, next);
  }

  #close(result: CallResult, next: NextRun | undefined): void {
    const { journal } = this.#engine;
    if (next === undefined) return journal.close(this.row.serial, this.#engine.closedRow(result));
    journal.renew(this.row.serial, next);
    this.#holdWaiting();
  }

  #leaveRun(result: CallResult, next: NextRun | undefined): void {
    const ended = this.row;
    this.leave();
    for (const stop of this.watching.values()) stop();
    this.watching.clear();
    this.execs.clear();
    this.#waiting = [];
    if (next === undefined) this.#finish(result);
    else {
      this.evict();
      this.row = { ...ended, ...next };
      this.#extent = { length: 0, bytes: 0 };
      this.#heldUpTo = 0;
    }
    this.#engine.orphan(ended);
    if (next !== undefined) this.open();
  }

  #finish(result: CallResult): void {
    this.#state = "over";
    this.#engine.ended(this, result);
    this.#engine.namespace.announce(this.row.serial, result);
    this.evict();
  }

  /** Ends all that it has under way outside, without ending it. */
  leave(): void {
    this.#silence();
    for (const work of this.outside.values()) work.end();
    this.outside.clear();
  }

  /** Stops everything: the worker stops, the workflow goes on with its next start. */
  pause(): void {
    this.#state = "paused";
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
