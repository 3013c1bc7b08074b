/**
 * Runs the workflows of one worker on a journal.
 *
 * E1. A workflow lives as long as it has not ended, whatever happens to this program: a start finds it in the journal.
 * E2. Work outside is done at least once: what was begun and has no recorded answer is begun again.
 * E3. A workflow's pid stays the same for all its life.
 */
import { Failure, printPid, type Value, WORKFLOWS_IN_MEMORY_MAX } from "../core/mod.ts";
import {
  type CallResult,
  failureOf,
  type HostProvider,
  type LuaRuntime,
  type ProvidedStart,
} from "../lua/mod.ts";
import { EMPTY_FRAME, type Frame, type Ports, type SecurityDirectory } from "../ports/mod.ts";
import type { LuaError, LuaValue } from "../vm/mod.ts";
import { Activity } from "./activity.ts";
import type { ActivityWorkers } from "./activity_workers.ts";
import type { History, StoredFailure } from "./history.ts";
import type { ClosedRow, WorkflowJournal, WorkflowRow } from "./journal.ts";
import { Run } from "./run.ts";
import { childSeed, freshSeed, runIdOf } from "./seed.ts";
import { luaErrorOfStored, storedFailure } from "./stored_failure.ts";
import { definitionsOf, demandWorkflow } from "./workflow_program.ts";
import { type ChildStart, type Effect, type Issued, World } from "./world.ts";

/** Process numbers of workflows begin here, so that they never meet those of other processes. */
const ID_BASE = 2 ** 32;

/** What of a frame outlives the program. */
interface StoredFrame {
  readonly values: Readonly<Record<string, Value>>;
  readonly network: string;
  readonly actor: Frame["actor"];
  readonly policies: readonly string[] | null;
}

/** A worker as its entry describes it. */
export interface WorkerPlan {
  readonly id: string;
  readonly namespace: string;
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
  readonly journal: WorkflowJournal;
  readonly #runtime: LuaRuntime;
  readonly #security: SecurityDirectory;
  readonly #workers: ActivityWorkers;
  readonly #plan: WorkerPlan;
  readonly #worker: string;
  readonly #runs = new Map<number, Run>();
  /** Runs in memory with nothing to do, longest idle first; some may have got work since. */
  readonly #idle = new Set<Run>();

  constructor(
    { runtime, security, workers }: WorkerSurroundings,
    plan: WorkerPlan,
    journal: WorkflowJournal,
  ) {
    this.#runtime = runtime;
    this.#security = security;
    this.#workers = workers;
    this.#plan = plan;
    this.#worker = plan.id;
    this.journal = journal;
  }

  /** Takes up every workflow that has not ended. */
  recover(): number {
    const rows = this.journal.open(this.#worker);
    for (const row of rows) this.#open(row);
    for (const run of this.#runs.values()) run.work();
    return rows.length;
  }

  /** Lets everything rest until the next start, once what has come is recorded, or `signal` aborts. */
  async pause(signal: AbortSignal): Promise<void> {
    const recorded = Promise.all([...this.#runs.values()].map((run) => run.quiet));
    const { promise: late, resolve } = Promise.withResolvers<void>();
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
    await Promise.race([recorded, late]);
    for (const run of this.#runs.values()) run.pause();
    this.#runs.clear();
  }

  get count(): number {
    return this.#runs.size;
  }

  // --- Starting -------------------------------------------------------------------------------------------------------

  start({ args, entryId, frame, messages, name }: ProvidedStart): { pid: string; id: number } {
    const known = name === "" ? undefined : [...this.#runs.values()].find(({ row }) => row.name === name);
    if (known !== undefined) {
      greet(known, messages);
      return { pid: known.native.pid, id: known.id };
    }
    demandWorkflow(this.#runtime, this.#worker, entryId);
    definitionsOf(this.#runtime, entryId);
    const seed = freshSeed(this.#ports);
    const row = this.#rowOf({ entryId, args, frame, name }, this.journal.newSerial(), 0, seed);
    this.journal.atomically(() => this.journal.add(row));
    const run = this.#open(row);
    greet(run, messages);
    run.work();
    return { pid: run.native.pid, id: run.id };
  }

  onEnd(id: number, done: (result: CallResult) => void): () => void {
    return this.#runs.get(id - ID_BASE)?.onEnd(done) ?? (() => {});
  }

  pidOf(serial: number): string {
    return printPid({ node: this.#runtime.node, host: this.#worker, id: ID_BASE + serial });
  }

  /** The row of a child. */
  childRow(parent: WorkflowRow, serial: number, child: ChildStart): WorkflowRow {
    return this.#rowOf(child, serial, parent.serial, childSeed(this.#ports, parent, serial));
  }

  #rowOf(
    start: Pick<ProvidedStart, "args" | "entryId" | "frame" | "name">,
    serial: number,
    parent: number,
    seed: string,
  ): WorkflowRow {
    const { actor, network, scope, values } = start.frame;
    const frame: StoredFrame = { values, network, actor, policies: scope?.policies ?? null };
    return {
      serial,
      seed,
      worker: this.#worker,
      entry: start.entryId,
      name: start.name,
      args: start.args.slice(),
      frame: JSON.stringify(frame),
      parent,
      startedMs: this.nowMs(),
    };
  }

  #open(row: WorkflowRow): Run {
    const run = new Run(this, row, ID_BASE + row.serial);
    run.native = this.#runtime.messages.openNative(this.#worker, run.receiver, run.id);
    this.#runs.set(row.serial, run);
    if (row.name !== "" && this.#runtime.names.lookup(row.name) === undefined) {
      this.#runtime.names.register(row.name, run.native.pid, run.id, 0);
    }
    if (!this.journal.hasEvents(row.serial)) run.arrive({ type: "start" });
    return run;
  }

  /** A world for a workflow, before its past is applied. */
  createWorld(row: WorkflowRow, { commands, versions }: History): World {
    const stored = JSON.parse(row.frame) as StoredFrame;
    const frame: Frame = {
      ...EMPTY_FRAME,
      values: stored.values,
      network: stored.network,
      actor: stored.actor,
      scope: stored.policies === null ? null : this.#security.scopeOf(stored.policies),
    };
    const id = ID_BASE + row.serial;
    return new World({
      parent: this.#runtime,
      id,
      worker: this.#worker,
      entryId: row.entry,
      args: row.args,
      frame,
      seed: row.seed === "" ? `workflow ${this.#worker} ${id}` : row.seed,
      facts: {
        workflowId: row.name === "" ? this.pidOf(row.serial) : row.name,
        runId: runIdOf(this.#ports, row),
        type: this.#runtime.programs.definition(row.entry)?.temporal?.workflow?.name ?? row.entry,
        taskQueue: this.#plan.taskQueue,
        namespace: this.#plan.namespace,
        attempt: 1,
      },
      history: commands,
      versions,
      newSerial: () => this.journal.newSerial(),
      pidOf: (serial) => this.pidOf(serial),
    });
  }

  // --- Doing what they ask for ----------------------------------------------------------------------------------------

  /** Does what a command asks for. */
  perform(run: Run, issued: Issued): void {
    const { effect, number } = issued;
    switch (effect.type) {
      case "call":
        return this.#call(run, issued, effect);
      case "timer": {
        const delayMs = Math.max(0, effect.dueMs - this.nowMs());
        const timer = this.#runtime.services.ports.clock.timer(delayMs, () => {
          run.outside.delete(number);
          run.arrive({ type: "fired", command: number });
        });
        run.outside.set(number, { end: () => timer.cancel() });
        return;
      }
      case "send":
        return this.#attempt(run, () => {
          this.#runtime.messages.deliver(effect.pid, effect.topic, effect.values, run.native.pid);
        });
      case "spawn": {
        const child = this.#open(this.childRow(run.row, effect.serial, effect.child));
        for (const { topic, values } of effect.child.messages) {
          child.arrive({ type: "message", topic, from: run.native.pid }, values.slice());
        }
        return;
      }
      case "control":
        return this.#attempt(run, () => this.#control(run, effect.action, effect.pid, effect.reason));
      case "attributes":
      case "none":
        return;
    }
  }

  #call(
    run: Run,
    { isKnown, number }: Issued,
    { request, scheduledMs }: Extract<Effect, { type: "call" }>,
  ): void {
    const { journal } = this;
    const { serial } = run.row;
    const activity = new Activity({
      runtime: this.#runtime,
      workers: this.#workers,
      request: { ...request, args: request.args.slice() },
      scheduledMs,
      known: isKnown ? journal.attempt(serial, number) : undefined,
      retry: (row, error, summary) => {
        journal.setAttempt(serial, number, row);
        this.#log().warn("activity failed and is tried again", {
          workflow: run.native.pid,
          activity: request.target,
          id: activity.id === "" ? String(number) : activity.id,
          ...(summary === "" ? {} : { summary }),
          attempt: row.attempt,
          error: error.message,
        });
      },
      isTaken: (id) => [...run.outside.values()].some((other) => other.id === id),
      done: (result) => {
        run.outside.delete(number);
        const failure = result.ok ? null : storedFailure(result.error);
        run.arrive({ type: "result", command: number, failure }, result.ok ? result.results.slice() : null);
      },
    });
    run.outside.set(number, activity);
    activity.start();
  }

  #control(run: Run, action: string, pid: string, reason: string): void {
    const { runtime } = { runtime: this.#runtime };
    if (action === "cancel") runtime.cancel(pid, reason, run.native.pid);
    else if (action === "terminate") runtime.terminate(pid);
    else if (action === "monitor" || action === "link") {
      runtime.watch(pid, ({ failure, value }) => {
        const event = action === "link" ? "pid.link.down" : "pid.exit";
        if (action === "link" && failure === null) return;
        const stored = failure === null ? null : storedFailure(failure);
        run.arrive({ type: "ended", event, from: pid, failure: stored }, this.encode([value as LuaValue]));
      });
    }
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

  /** Tells a workflow of a child that ended while nobody was there. */
  rejoin(parent: Run, serial: number): void {
    const closed = this.journal.closed(serial);
    if (closed === undefined) return;
    const failure = closed.failure === null ? null : JSON.parse(closed.failure) as StoredFailure;
    this.#join(parent, serial, failure, closed.value);
  }

  #join(parent: Run, serial: number, failure: StoredFailure | null, value: Uint8Array | null): void {
    const command = parent.execs.get(serial);
    if (command !== undefined) parent.arrive({ type: "result", command, failure }, value);
    else parent.arrive({ type: "ended", event: "pid.exit", from: this.pidOf(serial), failure }, value);
  }

  // --- Ends -----------------------------------------------------------------------------------------------------------

  /** How an end is kept. */
  closedRow(result: CallResult): ClosedRow {
    const atMs = this.nowMs();
    return result.ok
      ? { atMs, failure: null, value: result.results.slice() }
      : { atMs, failure: JSON.stringify(storedFailure(result.error)), value: null };
  }

  /** A workflow is over. */
  ended(run: Run, result: CallResult): void {
    this.#runs.delete(run.row.serial);
    this.#idle.delete(run);
    const { failure, value } = this.closedRow(result);
    const parent = this.#runs.get(run.row.parent);
    if (parent !== undefined) {
      this.#join(
        parent,
        run.row.serial,
        failure === null ? null : JSON.parse(failure) as StoredFailure,
        value,
      );
    }
    const values = value === null ? [] : this.#runtime.universe.decode(value);
    run.native.end((values[0] ?? null) as Value, result.ok ? null : failureOf(result.error));
  }

  /** A workflow can't go on: its code and its history no longer fit. It stays open for the next start. */
  stuck(run: Run, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    this.#log().error(`workflow can't go on: ${message}`, { workflow: run.native.pid, entry: run.row.entry });
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

  #log() {
    return this.#runtime.services.log.named("workflow");
  }

  nowMs(): number {
    return this.#runtime.services.ports.clock.nowMs();
  }

  encode(values: LuaValue[]): Uint8Array {
    return this.#runtime.universe.encode(values).slice();
  }

  luaError(failure: StoredFailure): LuaError {
    return luaErrorOfStored(failure);
  }
}

/** Gives a workflow the messages of its start. */
function greet(run: Run, messages: ProvidedStart["messages"]): void {
  for (const { topic, values } of messages) run.arrive({ type: "message", topic, from: "" }, values.slice());
}
