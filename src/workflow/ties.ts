/**
 * Who is told of whose end: parents of their children, watchers and linked peers of whom they watch, children of their parents.
 *
 * T1. Whoever waits for an end learns of it also when it came while nobody was there: the journal has it.
 * T2. A child whose parent's run is over does what its close policy says, once.
 */
import { Failure } from "../core/mod.ts";
import type { CallResult, LuaRuntime } from "../lua/mod.ts";
import type { LuaValue } from "../vm/mod.ts";
import type { Effect } from "./effects.ts";
import { type ChildCommand, type Step, stepRow, type StoredFailure } from "./history.ts";
import type { ClosedRow, WorkflowRow } from "./journal.ts";
import { ID_BASE, type Namespace, terminatedRow } from "./namespace.ts";
import type { Wish } from "./relations.ts";
import type { Run } from "./run.ts";
import { keptOptions } from "./start_options.ts";
import { storedFailure } from "./stored_failure.ts";

type Arrival = Step["arrival"];

/** The ties of the workflows of a namespace. */
export class Ties {
  readonly #runtime: LuaRuntime;
  readonly #namespace: Namespace;

  constructor(runtime: LuaRuntime, namespace: Namespace) {
    this.#runtime = runtime;
    this.#namespace = namespace;
  }

  get #nowMs(): number {
    return this.#runtime.services.ports.clock.nowMs();
  }

  /** Whether something lives behind a pid, or may. */
  reaches(pid: string): boolean {
    const serial = this.#namespace.serialOf(pid);
    if (serial === undefined) return this.#runtime.messages.reaches(pid);
    return this.#namespace.journal.runOf(serial) !== undefined;
  }

  /** Gives something to an open workflow, or holds it until its worker runs. */
  give(serial: number, arrival: Arrival, body: Uint8Array | null = null): void {
    const run = this.#namespace.run(serial);
    if (run !== undefined) return run.arrive(arrival, body);
    const { journal } = this.#namespace;
    if (journal.runOf(serial) !== undefined) {
      journal.hold(serial, stepRow({ atMs: this.#nowMs, arrival, body }));
    }
  }

  /**
   * Brings what a run says to another workflow into the journal, in the transaction that records that it says so; returns what is left
   * to do after it.
   */
  pass(run: Run, effect: Extract<Effect, { type: "send" | "control" }>): (() => void) | undefined {
    const serial = this.#namespace.openSerialOf(effect.pid);
    if (serial === undefined) return undefined;
    const { journal } = this.#namespace;
    const from = run.native.pid;
    if (effect.type === "send") {
      return this.#hold(serial, { type: "message", topic: effect.topic, from }, effect.values);
    }
    if (effect.action === "cancel") {
      return this.#hold(serial, { type: "cancel", from, reason: effect.reason }, null);
    }
    if (effect.action === "terminate") journal.close(serial, terminatedRow(this.#nowMs));
    return undefined;
  }

  #hold(serial: number, arrival: Arrival, body: Uint8Array | null): () => void {
    const step: Step = { atMs: this.#nowMs, arrival, body };
    const position = this.#namespace.journal.hold(serial, stepRow(step));
    return () => this.#namespace.run(serial)?.takeHeld(step, position);
  }

  /** Carries out what a run wishes of somebody, as far as `pass` has not; fails when nobody is there. */
  control(run: Run, { action, pid, reason }: Extract<Effect, { type: "control" }>): void {
    const { messages } = this.#runtime;
    const serial = this.#namespace.serialOf(pid);
    const from = run.native.pid;
    switch (action) {
      case "cancel":
        return serial === undefined ? messages.cancel(pid, reason, from) : undefined;
      case "terminate":
        if (serial === undefined) return messages.terminate(pid);
        return this.#namespace.terminate(serial, this.#nowMs);
      case "monitor":
      case "link":
        return this.watch(run, { action, pid });
      case "unmonitor":
        return this.#unwatch(run, { action: "monitor", pid });
      case "unlink":
        return this.#unwatch(run, { action: "link", pid });
    }
  }

  // --- Ends of children -----------------------------------------------------------------------------------------------

  /** Tells the run that started it of the end of a workflow. */
  tellParent({ parent: serial, parentRun, serial: child, worker }: WorkflowRow, end: ClosedRow): void {
    const parent = serial === 0 ? undefined : this.#namespace.run(serial);
    if (parent?.row.run !== parentRun) return;
    const command = parent.execs.get(child);
    if (command !== undefined) this.#answer(parent, command, end);
    else this.#tellExit(parent, this.#namespace.pidOf({ serial: child, worker }), end);
  }

  /** Takes up again what a run waits for since it started another workflow, or found it. */
  rejoin(run: Run, { isJoined, pid, serial, type }: ChildCommand, number: number, ownPid: string): void {
    const closed = this.#namespace.journal.closed(serial);
    if (closed !== undefined) {
      if (type === "exec") this.#answer(run, number, closed);
      else this.#tellExit(run, pid ?? ownPid, closed);
    } else if (isJoined) this.join(run, { type, pid: pid!, serial }, number);
  }

  /** Waits for the end of a workflow that somebody else has started. */
  join(
    run: Run,
    { pid, serial, type }: Pick<ChildCommand, "type" | "serial"> & { pid: string },
    number: number,
  ): void {
    if (type === "spawn") return this.watch(run, { action: "monitor", pid });
    const closed = this.#namespace.journal.closed(serial);
    if (closed !== undefined) return this.#answer(run, number, closed);
    // A world that comes back to memory waits already.
    if (run.outside.has(number)) return;
    const answer = run.answering;
    const stop = this.#namespace.onEnd(serial, (result) => {
      run.outside.delete(number);
      answer(
        { type: "result", command: number, failure: result.ok ? null : storedFailure(result.error) },
        result.ok ? result.results.slice() : null,
      );
    });
    run.outside.set(number, { end: stop });
  }

  #answer(run: Run, command: number, { failure, value }: ClosedRow): void {
    run.arrive({ type: "result", command, failure: storedOf(failure) }, value);
  }

  #tellExit(run: Run, from: string, { failure, value }: ClosedRow): void {
    run.arrive({ type: "ended", event: "pid.exit", from, failure: storedOf(failure) }, value);
  }

  // --- Monitors and links ---------------------------------------------------------------------------------------------

  /** Sees to it that a run learns of an end. */
  watch(run: Run, { action, pid }: Wish): void {
    const key = `${action} ${pid}`;
    if (run.watching.has(key)) return;
    const serial = this.#namespace.serialOf(pid);
    const { messages, table } = this.#runtime;
    const undo = action === "monitor" ? "unmonitor" : "unlink";
    if (serial === undefined) {
      run.watching.set(key, () => messages[undo]({ id: run.id, pid: run.native.pid }, pid));
      try {
        messages[action]({ id: run.id, pid: run.native.pid }, pid);
      } catch (error) {
        // It was there when the workflow asked, before this program began or a moment ago.
        if (!(error instanceof Failure)) throw error;
        if (table.monitors(run.id, this.#runtime.messages.localId(pid) ?? 0)) return;
        this.#tellLost(run, action, pid);
      }
      return;
    }
    const child = this.#namespace.run(serial)?.row;
    if (child?.parent === run.row.serial && child.parentRun === run.row.run) return;
    const closed = this.#namespace.journal.closed(serial);
    if (closed !== undefined) return this.#tellEnd(run, action, pid, closed);
    // The number of a workflow is its own also while its worker rests.
    const target = ID_BASE + serial;
    run.watching.set(key, () => table[undo](run.id, target));
    if (action === "link") table.link(run.id, target);
    else if (!table.monitors(run.id, target)) table.monitor(run.id, target);
  }

  /** Undoes `watch`. */
  #unwatch(run: Run, { action, pid }: Wish): void {
    const key = `${action} ${pid}`;
    run.watching.get(key)?.();
    run.watching.delete(key);
  }

  #tellEnd(run: Run, action: Wish["action"], pid: string, end: ClosedRow): void {
    if (action === "monitor") return this.#tellExit(run, pid, end);
    const failure = storedOf(end.failure);
    if (failure !== null) run.arrive({ type: "ended", event: "pid.link.down", from: pid, failure });
  }

  #tellLost(run: Run, action: Wish["action"], pid: string): void {
    const lost = storedFailure(new Failure("NotFound", "process not found", { retryable: false }));
    this.#tellEnd(run, action, pid, { failure: JSON.stringify(lost), value: null, atMs: this.#nowMs });
  }

  // --- Ends of parents ------------------------------------------------------------------------------------------------

  /** The run of a workflow is over: what becomes of the children that it started. */
  orphanAll({ run, serial }: WorkflowRow): void {
    for (const child of this.#namespace.journal.children(serial)) {
      if (child.parentRun === run) this.#orphan(child);
    }
  }

  /** What becomes of children among these whose parents ended while nobody was there. */
  findOrphans(rows: readonly WorkflowRow[]): void {
    const { journal } = this.#namespace;
    for (const row of rows) {
      if (row.parent > 0 && journal.runOf(row.parent) !== row.parentRun) this.#orphan(row);
    }
  }

  #orphan({ options, parent, serial, worker }: WorkflowRow): void {
    const { journal } = this.#namespace;
    const policy = keptOptions(options).closePolicy;
    if (policy === "terminate") return this.#namespace.terminate(serial, this.#nowMs);
    if (policy === "abandon") return journal.detach(serial);
    const from = this.#namespace.pidOf({ serial: parent, worker });
    const arrival: Arrival = { type: "cancel", from, reason: "parent workflow closed" };
    journal.atomically(() => {
      journal.detach(serial);
      return this.#hold(serial, arrival, null);
    })();
  }
}

function storedOf(failure: string | null): StoredFailure | null {
  return failure === null ? null : JSON.parse(failure) as StoredFailure;
}

/** How an end is kept. */
export function closedRow(result: CallResult, atMs: number): ClosedRow {
  return result.ok
    ? { atMs, failure: null, value: result.results.slice() }
    : { atMs, failure: JSON.stringify(storedFailure(result.error)), value: null };
}

/** The first value of an end. */
export function valueOf({ universe }: LuaRuntime, { value }: ClosedRow): LuaValue {
  return value === null ? null : universe.decode(value)[0] ?? null;
}
