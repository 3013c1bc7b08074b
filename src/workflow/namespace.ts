/**
 * The workflows of one journal: what they are known by, and the workers that run them.
 *
 * N1. At most one workflow of an id is open, also among those whose start is not recorded yet.
 */
import { Failure, parsePid, printPid } from "../core/mod.ts";
import { type CallResult, luaErrorOf } from "../lua/mod.ts";
import type { Placement } from "./effects.ts";
import type { ClosedRow, WorkflowJournal } from "./journal.ts";
import type { Run } from "./run.ts";
import type { StartOptions } from "./start_options.ts";
import { storedFailure } from "./stored_failure.ts";
import type { WorkflowEngine } from "./workflow_engine.ts";

/** Process numbers of workflows begin here, so that they never meet those of other processes. */
export const ID_BASE = 2 ** 32;

/** A workflow by number, and the worker that runs it. */
export interface Whereabouts {
  readonly serial: number;
  readonly worker: string;
}

/** What a start under an id meets. */
export type Found =
  | { readonly kind: "free" }
  | { readonly kind: "existing"; readonly workflow: Whereabouts }
  | { readonly kind: "replaced"; readonly workflow: Whereabouts };

/** How a workflow ends that somebody ends by force. */
export function terminated(): Failure {
  return new Failure("Canceled", "workflow terminated", { retryable: false });
}

/** As `terminated`, for the journal. */
export function terminatedRow(atMs: number): ClosedRow {
  return { atMs, failure: JSON.stringify(storedFailure(terminated())), value: null };
}

/** Gets the end of a workflow. */
export type EndListener = (result: CallResult) => void;

/** Workflows that know each other. */
export class Namespace {
  readonly name: string;
  readonly journal: WorkflowJournal;
  readonly #node: string;
  readonly #queuePrefix: string;
  readonly #engines = new Map<string, WorkflowEngine>();
  /** Who waits for the end of a workflow, which may rest meanwhile. */
  readonly #listeners = new Map<number, Set<EndListener>>();
  /** What steps have started that are not recorded yet, by id, and the workflow that did. */
  readonly #reserved = new Map<string, Whereabouts & { readonly by: number }>();

  constructor(settings: { name: string; queuePrefix: string }, node: string, journal: WorkflowJournal) {
    this.name = settings.name;
    this.#queuePrefix = settings.queuePrefix;
    this.#node = node;
    this.journal = journal;
  }

  /** A worker begins to serve. */
  join(engine: WorkflowEngine): void {
    this.#engines.set(engine.worker, engine);
  }

  /** A worker serves no more. */
  leave(engine: WorkflowEngine): void {
    if (this.#engines.get(engine.worker) === engine) this.#engines.delete(engine.worker);
  }

  /** The engine of a worker that runs. */
  engine(worker: string): WorkflowEngine | undefined {
    return this.#engines.get(worker);
  }

  /** The engine that serves a task queue; fails with NotFound when none does. */
  serving(name: string): WorkflowEngine {
    const taskQueue = this.#queuePrefix + name;
    for (const engine of this.#engines.values()) if (engine.taskQueue === taskQueue) return engine;
    const queues = [...this.#engines.values()].map((engine) => engine.taskQueue).sort().join(", ");
    const message = `no running worker serves the task queue ${taskQueue}; there is ${queues}`;
    throw new Failure("NotFound", message, { retryable: false, details: { task_queue: taskQueue } });
  }

  /** The open workflow of a number, when its worker runs. */
  run(serial: number): Run | undefined {
    for (const engine of this.#engines.values()) {
      const run = engine.run(serial);
      if (run !== undefined) return run;
    }
    return undefined;
  }

  pidOf({ serial, worker }: Whereabouts): string {
    return printPid({ node: this.#node, host: worker, id: ID_BASE + serial });
  }

  pidOfPlacement(placement: Placement): string {
    return this.pidOf(placement.kind === "new" ? placement.row : placement.workflow);
  }

  /** The number of the workflow behind a pid, open or not; undefined for what can't be one of these. */
  serialOf(pid: string): number | undefined {
    const { host = "", id = 0, node = "" } = parsePid(pid) ?? {};
    const isHere = node === "" || node === this.#node;
    return isHere && id > ID_BASE && this.#engines.has(host) ? id - ID_BASE : undefined;
  }

  /** As `serialOf`, for a workflow that is open. */
  openSerialOf(pid: string): number | undefined {
    const serial = this.serialOf(pid);
    return serial !== undefined && this.journal.runOf(serial) !== undefined ? serial : undefined;
  }

  // --- Ids ------------------------------------------------------------------------------------------------------------

  /** What a start with these options meets; fails with AlreadyExists when it must not be made. */
  find({ conflict, id, reuse }: StartOptions): Found {
    if (id === "") return { kind: "free" };
    const reserved = this.#reserved.get(id);
    const newest = this.journal.newest(id);
    const open = reserved ?? (newest?.isOpen === true ? newest : undefined);
    if (open !== undefined) {
      if (conflict === "use_existing") return { kind: "existing", workflow: open };
      if (conflict === "fail") throw this.#taken(id, "workflow already started", open);
      return { kind: "replaced", workflow: open };
    }
    if (newest !== undefined && reuse === "reject_duplicate") {
      throw this.#taken(id, "workflow id was used before and id_reuse_policy is reject_duplicate", newest);
    }
    if (newest?.hasFailed === false && reuse === "allow_duplicate_failed_only") {
      const why = "workflow of this id has succeeded and id_reuse_policy is allow_duplicate_failed_only";
      throw this.#taken(id, why, newest);
    }
    return { kind: "free" };
  }

  #taken(id: string, why: string, workflow: Whereabouts): Failure {
    const details = { workflow_id: id, pid: this.pidOf(workflow) };
    return new Failure("AlreadyExists", `${why}: ${id}`, { retryable: false, details });
  }

  /** Keeps an id for what a step of the workflow `by` starts. */
  reserve(id: string, workflow: Whereabouts, by: number): void {
    this.#reserved.set(id, { ...workflow, by });
  }

  /** What the steps of the workflow `by` have started is recorded, or never will be. */
  release(by: number): void {
    for (const [id, reserved] of this.#reserved) if (reserved.by === by) this.#reserved.delete(id);
  }

  // --- Ends by others -------------------------------------------------------------------------------------------------

  /** Ends a workflow by force, whether its worker runs or not. */
  terminate(serial: number, nowMs: number): void {
    const run = this.run(serial);
    if (run !== undefined) return run.terminate();
    this.journal.close(serial, terminatedRow(nowMs));
    this.announce(serial, { ok: false, error: luaErrorOf(terminated()) });
  }

  /** Calls `listener` with the end of an open workflow, whether its worker runs or not. */
  onEnd(serial: number, listener: EndListener): () => void {
    let listeners = this.#listeners.get(serial);
    if (listeners === undefined) this.#listeners.set(serial, listeners = new Set());
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(serial) === listeners) this.#listeners.delete(serial);
    };
  }

  /** Tells of the end of a workflow. */
  announce(serial: number, result: CallResult): void {
    const listeners = this.#listeners.get(serial);
    this.#listeners.delete(serial);
    for (const listener of listeners ?? []) listener(result);
  }
}
