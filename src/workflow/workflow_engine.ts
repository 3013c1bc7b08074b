/**
 * Runs the workflows of one worker on a journal.
 *
 * E1. A workflow lives as long as it has not ended, whatever happens to this program: a start finds it in the journal.
 * E2. Work outside is done at least once: what was begun and has no recorded answer is begun again.
 * E3. A workflow's pid stays the same for all its life.
 * E4. Nothing is an answer that came while the program was ending.
 */
import { Failure, type Value, WORKFLOWS_IN_MEMORY_MAX } from "../core/mod.ts";
import {
  type CallResult,
  failureOf,
  type HostProvider,
  type LuaRuntime,
  type ProvidedStart,
} from "../lua/mod.ts";
import type { Log, Ports, SecurityDirectory, TimerHandle } from "../ports/mod.ts";
import type { LuaValue } from "../vm/mod.ts";
import { type ActivitySurroundings, beginActivity } from "./activity_call.ts";
import type { ActivityWorkers } from "./activity_workers.ts";
import type { Greeting, Issued, Placement } from "./effects.ts";
import type { ChildCommand, History, Step } from "./history.ts";
import type { ClosedRow, NextRun, WorkflowJournal, WorkflowRow } from "./journal.ts";
import { ID_BASE, type Namespace, terminatedRow } from "./namespace.ts";
import { placeStart } from "./placing.ts";
import type { Wish } from "./relations.ts";
import { receiverOf } from "./receiver.ts";
import { Run } from "./run.ts";
import { freshSeed, runIdOf } from "./seed.ts";
import { nextRun, type RunEnd } from "./succession.ts";
import { closedRow, Ties, valueOf } from "./ties.ts";
import { frameOf, greetingOf } from "./workflow_rows.ts";
import { tracesOf, typeOf, type WorkflowTraces } from "./workflow_traces.ts";
import { World } from "./world.ts";

/** A worker as its entry describes it. */
export interface WorkerPlan {
  readonly id: string;
  /** With the prefix of its client. */
  readonly taskQueue: string;
}

/** What a worker needs of the application around it. */
export interface WorkerSurroundings {
  readonly runtime: LuaRuntime;
  readonly security: SecurityDirectory;
  readonly workers: ActivityWorkers;
}

/** The workflows of one worker. */
export class WorkflowEngine implements HostProvider {
  readonly namespace: Namespace;
  readonly worker: string;
  readonly taskQueue: string;
  readonly journal: WorkflowJournal;
  readonly #runtime: LuaRuntime;
  readonly #security: SecurityDirectory;
  readonly #surroundings: ActivitySurroundings;
  readonly #ties: Ties;
  readonly #traces: WorkflowTraces | undefined;
  readonly #runs = new Map<number, Run>();
  #isResting = false;
  /** Runs in memory with nothing to do, longest idle first; some may have got work since. */
  readonly #idle = new Set<Run>();

  constructor({ runtime, security, workers }: WorkerSurroundings, plan: WorkerPlan, namespace: Namespace) {
    this.#runtime = runtime;
    this.#security = security;
    this.worker = plan.id;
    this.taskQueue = plan.taskQueue;
    this.namespace = namespace;
    this.journal = namespace.journal;
    this.#ties = new Ties(runtime, namespace);
    this.#traces = tracesOf(runtime);
    const { journal } = namespace;
    this.#surroundings = { runtime, workers, journal, traces: this.#traces, log: this.#log() };
  }

  /** Takes up every workflow that has not ended. */
  recover(): number {
    this.namespace.join(this);
    const rows = this.journal.open(this.worker);
    for (const row of rows) this.enter(row);
    this.#ties.findOrphans(rows);
    for (const run of [...this.#runs.values()]) run.open();
    return rows.length;
  }

  /** Ends work outside, which begins again with the next start: it would fail because of what else stops. */
  rest(): void {
    this.#isResting = true;
    for (const run of this.#runs.values()) run.leave();
  }

  /** Lets everything rest until the next start, once what has come is recorded, or `signal` aborts. */
  async pause(signal: AbortSignal): Promise<void> {
    this.rest();
    const recorded = Promise.all([...this.#runs.values()].map((run) => run.quiet));
    const { promise: late, resolve } = Promise.withResolvers<void>();
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
    await Promise.race([recorded, late]);
    for (const run of this.#runs.values()) run.pause();
    this.#runs.clear();
    this.namespace.leave(this);
  }

  get count(): number {
    return this.#runs.size;
  }

  // --- Starting -------------------------------------------------------------------------------------------------------

  start(start: ProvidedStart): { pid: string; id: number } {
    const placement = this.place(start, undefined);
    const { journal, namespace } = this;
    if (placement.kind === "existing") {
      const { messages, workflow } = placement;
      this.#greet(workflow.serial, messages);
      return { pid: namespace.pidOf(workflow), id: ID_BASE + workflow.serial };
    }
    const { replaced, row } = placement;
    if (replaced !== undefined) namespace.terminate(replaced.serial, row.startedMs);
    journal.atomically(() => this.#add(placement));
    const run = namespace.engine(row.worker)!.enter(row);
    run.open();
    return { pid: run.native.pid, id: run.id };
  }

  /** See `placeStart`. */
  place(start: ProvidedStart, parent: Run | undefined): Placement {
    return placeStart(this.#runtime, this, start, parent);
  }

  #add({ options: { attributes }, row }: Extract<Placement, { kind: "new" }>): void {
    this.journal.add(row);
    this.journal.setAttributes(row.serial, attributes);
  }

  #greet(serial: number, messages: Greeting): void {
    for (const { topic, values } of messages) {
      this.#ties.give(serial, { type: "message", topic, from: "" }, values);
    }
  }

  onEnd(id: number, done: (result: CallResult) => void): () => void {
    return this.namespace.onEnd(id - ID_BASE, done);
  }

  pidOf(serial: number): string {
    return this.namespace.pidOf({ serial, worker: this.worker });
  }

  /** The open workflow of a number, when it is of this worker. */
  run(serial: number): Run | undefined {
    return this.#runs.get(serial);
  }

  /** Takes a workflow into its care; it does nothing before it is opened. */
  enter(row: WorkflowRow): Run {
    const { messages, names } = this.#runtime;
    const run = new Run(
      this,
      row,
      (of) => messages.openNative(this.worker, receiverOf(of, (values) => this.encode(values)), of.id),
    );
    this.#runs.set(row.serial, run);
    if (row.name !== "" && names.lookup(row.name) === undefined) {
      names.register(row.name, run.native.pid, run.id, 0);
    }
    return run;
  }

  /** A world for a run, before its past is applied. */
  createWorld(run: Run, { commands, versions }: History): World {
    const { id, options: { taskMs }, row } = run;
    return new World({
      parent: this.#runtime,
      id,
      worker: this.worker,
      entryId: row.entry,
      args: row.args,
      frame: frameOf(row, this.#security),
      messages: greetingOf(row),
      taskMs,
      seed: row.seed === "" ? `workflow ${this.worker} ${id}` : row.seed,
      facts: {
        workflowId: row.workflowId,
        runId: runIdOf(this.#ports, row),
        type: typeOf(this.#runtime, row.entry),
        taskQueue: this.taskQueue,
        namespace: this.namespace.name,
        attempt: row.attempt,
      },
      history: commands,
      versions,
      place: (hostId, start) => this.#placeChild(hostId, start, run),
      pidOf: (placement) => this.namespace.pidOfPlacement(placement),
      ownPid: (serial) => this.pidOf(serial),
      reaches: (pid) => this.#ties.reaches(pid),
    });
  }

  #placeChild(hostId: string, start: ProvidedStart, parent: Run): Placement {
    const engine = this.namespace.engine(hostId);
    if (engine !== undefined) return engine.place(start, parent);
    const message = `a workflow starts others on workers of its own client that run, and ${hostId} is none`;
    throw new Failure("Invalid", message, { retryable: false });
  }

  // --- Doing what they ask for ----------------------------------------------------------------------------------------

  /**
   * Brings into the journal what a command of a step does to other workflows, in the transaction of the step. Returns what is left to
   * do after it.
   */
  enroll(run: Run, { effect }: Issued): (() => void) | undefined {
    if (effect.type === "attributes") this.journal.setAttributes(run.row.serial, effect.attributes);
    if (effect.type === "spawn" && effect.placement.kind === "new") {
      const { replaced, row } = effect.placement;
      if (replaced !== undefined) this.journal.close(replaced.serial, terminatedRow(row.startedMs));
      this.#add(effect.placement);
    }
    return effect.type === "send" || effect.type === "control" ? this.#ties.pass(run, effect) : undefined;
  }

  /** Does what a command asks for. */
  perform(run: Run, issued: Issued): void {
    const { command, effect, number } = issued;
    const begins = effect.type === "call" || effect.type === "timer";
    if (begins && this.#isResting) return;
    switch (effect.type) {
      case "call":
        return beginActivity(this.#surroundings, run, issued, effect);
      case "timer": {
        const timer = this.timer(effect.dueMs - this.nowMs(), () => {
          run.outside.delete(number);
          run.arrive({ type: "fired", command: number });
        });
        run.outside.set(number, { end: () => timer.cancel() });
        return;
      }
      case "send":
        if (this.namespace.serialOf(effect.pid) !== undefined) return;
        return this.#attempt(run, () => {
          this.#runtime.messages.deliver(effect.pid, effect.topic, effect.values, run.native.pid);
        });
      case "spawn":
        return this.#performStart(run, command as ChildCommand, effect.placement, number);
      case "control":
        return this.#attempt(run, () => this.#ties.control(run, effect));
      case "attributes":
      case "none":
        return;
    }
  }

  /** A step is recorded. */
  recorded(run: Run, { arrival }: Step): void {
    if (arrival.type === "message") this.#traces?.message(run.row, arrival.topic);
  }

  #performStart(run: Run, command: ChildCommand, placement: Placement, number: number): void {
    if (placement.kind === "new") {
      const { replaced, row } = placement;
      if (replaced !== undefined) this.namespace.terminate(replaced.serial, row.startedMs);
      return this.namespace.engine(row.worker)?.enter(row).open();
    }
    this.#greet(placement.workflow.serial, placement.messages);
    this.#ties.join(run, { type: command.type, serial: command.serial, pid: command.pid! }, number);
  }

  /** What can't be done is nobody's failure: sending and asking promise nothing. */
  #attempt(run: Run, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.#log().debug(error.message, { workflow: run.native.pid });
    }
  }

  /** See `Ties.rejoin`. */
  rejoin(run: Run, command: ChildCommand, number: number): void {
    this.#ties.rejoin(run, command, number, this.pidOf(command.serial));
  }

  /** See `Ties.watch`. */
  watch(run: Run, wish: Wish): void {
    this.#ties.watch(run, wish);
  }

  // --- Ends -----------------------------------------------------------------------------------------------------------

  /** How an end is kept. */
  closedRow(result: CallResult): ClosedRow {
    return closedRow(result, this.nowMs());
  }

  /** The run that follows one that ends so; undefined when the workflow is over. */
  following({ options, row }: Run, end: RunEnd): NextRun | undefined {
    const next = nextRun(row, options, end, this.nowMs());
    return next === undefined ? undefined : { ...next, seed: freshSeed(this.#ports) };
  }

  /** A workflow is over. */
  ended(run: Run, result: CallResult): void {
    this.#runs.delete(run.row.serial);
    this.#idle.delete(run);
    const end = this.closedRow(result);
    this.#ties.tellParent(run.row, end);
    this.#traces?.ended(run.row, result);
    run.native.end(valueOf(this.#runtime, end) as Value, result.ok ? null : failureOf(result.error));
  }

  /** A run of a workflow is over: see `Ties.orphanAll`. */
  orphan(row: WorkflowRow): void {
    this.#ties.orphanAll(row);
  }

  /** A step took longer than it may. */
  stalled(run: Run, delayMs: number): void {
    const { taskMs } = run.options;
    const message =
      `a step of a workflow took longer than its ${taskMs} ms; it is tried again in ${delayMs} ms`;
    this.#log().warn(message, factsOf(run));
  }

  /** A workflow can't go on: its code and its history no longer fit. It stays open for the next start. */
  stuck(run: Run, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#log().error(`workflow can't go on: ${message}`, factsOf(run));
  }

  /** A run has nothing more to do; the longest idle one is dropped from memory when there are too many. */
  settled(run: Run): void {
    this.#idle.delete(run);
    if (run.isIdle) this.#idle.add(run);
    if (this.#idle.size <= WORKFLOWS_IN_MEMORY_MAX) return;
    const [longest] = this.#idle;
    this.#idle.delete(longest!);
    if (longest!.isIdle) longest!.evict();
  }

  get #ports(): Ports {
    return this.#runtime.services.ports;
  }

  #log(): Log {
    return this.#runtime.services.log.named("workflow");
  }

  nowMs(): number {
    return this.#runtime.services.ports.clock.nowMs();
  }

  timer(delayMs: number, fire: () => void): TimerHandle {
    return this.#ports.clock.timer(Math.max(0, delayMs), fire);
  }

  encode(values: LuaValue[]): Uint8Array {
    return this.#runtime.universe.encode(values).slice();
  }
}

/** What logs say of a workflow. */
function factsOf({ native, options: { summary }, row }: Run): Record<string, Value> {
  const { entry, workflowId } = row;
  return { workflow: native.pid, id: workflowId, entry, ...(summary === "" ? {} : { summary }) };
}
