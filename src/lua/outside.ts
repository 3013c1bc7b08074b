/**
 * Where a runtime ends: hosts whose processes somebody else runs, and what lies outside of a runtime that is a world of its own.
 *
 * A workflow is both: a native process of the runtime of its node, and a world whose every step outside is recorded. For a worker on
 * a thread of its own the outside is the main worker of its node.
 */
import type { ValueMap } from "../core/mod.ts";
import type { Frame } from "../ports/mod.ts";
import type { LuaProcess } from "./lua_process.ts";
import type { CallRequest, CallResult } from "./function_pool.ts";
import type { SpawnRelations, StartExtras } from "./process_starter.ts";

/** What is to be started on a provider's host. Its name is "" for none, and what options mean is up to the provider. */
export interface ProvidedStart extends StartExtras {
  readonly entryId: string;
  /** Encoded argument list. */
  readonly args: Uint8Array;
  readonly frame: Frame;
}

/** Runs the processes of a host in its own way. */
export interface HostProvider {
  /**
   * Starts what an entry describes, or finds what runs under its name already, and gives it the first messages. Returns its pid and
   * number. Throws a Failure.
   */
  start(start: ProvidedStart): { pid: string; id: number };
  /** Calls `done` with the end of what was started. */
  onEnd(id: number, done: (result: CallResult) => void): () => void;
  /** Everything is about to stop: what comes of work outside from now on is no answer, and none is begun. */
  rest(): void;
}

/** What can be done to a process elsewhere. */
export type ControlAction =
  | "cancel"
  | "terminate"
  | "monitor"
  | "unmonitor"
  | "link"
  | "unlink"
  | "trap"
  | "untrap";

/** Facts about a run of a workflow; those of its history are of the step it is in. */
export interface WorkflowFacts {
  readonly workflowId: string;
  readonly runId: string;
  readonly type: string;
  readonly taskQueue: string;
  readonly namespace: string;
  readonly attempt: number;
  /** Recorded events. */
  readonly historyLength: number;
  readonly historyBytes: number;
}

/** What a workflow may be looked up by. */
export type SearchValue = string | number | boolean | string[];

/** What is kept with a workflow for those who look at it. */
export interface WorkflowAttributes {
  readonly search: Readonly<Record<string, SearchValue>>;
  readonly memo: ValueMap;
}

/** What a workflow can ask of the engine that runs it. */
export interface WorkflowAccess {
  facts(): WorkflowFacts;
  /** The way this run takes at a change of its code; throws when the code no longer supports it. */
  version(change: string, min: number, max: number): number;
  setAttributes(attributes: WorkflowAttributes): void;
  /** The worker that a child runs on unless its parent says otherwise: the one it is registered with, else its parent's. */
  workerOf(entryId: string): string;
}

/** A call that is made outside. */
export interface OutsideCall {
  /** Gives it up: it is over now, without a result, or it `ends` by itself: its result has come or will. */
  cancel(): "over" | "ends";
}

/** Everything outside of a world. */
export interface Outside {
  /** Set in the world of a workflow. */
  readonly workflow?: WorkflowAccess;
  /** How much was asked of the outside so far. */
  readonly asked: number;
  /** Takes note of a command that asked nothing of the outside, so it ends by itself: a library is loaded, say. */
  works(command: Promise<unknown>): void;
  /** True when relations of all processes belong to the outside, also those between processes here. */
  readonly relates: boolean;
  /** Whether calls of this target are made here after all. */
  runsHere(target: string): boolean;
  /** As `FunctionTable.room`, for calls that are made outside. */
  room(target: string, caller: LuaProcess): Promise<void> | undefined;
  /** Takes over a process that upgrades to code which can't run here; false when it can. */
  moves(process: LuaProcess, entryId: string, args: Uint8Array): boolean;
  /** Makes a call; `done` is called once, later. */
  call(request: CallRequest, done: (result: CallResult) => void): OutsideCall;
  /** Starts a process; returns its pid. */
  spawn(
    entryId: string,
    hostId: string,
    args: Uint8Array,
    relations: SpawnRelations,
    parent: LuaProcess,
  ): string;
  /** Runs a process to its end. */
  exec(
    entryId: string,
    hostId: string,
    args: Uint8Array,
    frame: Frame,
    caller: LuaProcess,
    extras: StartExtras,
  ): Promise<CallResult>;
  /** The pid that a name stands for; throws NotFound. */
  resolve(name: string): string;
  /** Sends a message to a process elsewhere. */
  send(pid: string, topic: string, values: Uint8Array, from: string): void;
  /** `from` is the pid of who asks; "" for nobody. */
  control(action: ControlAction, pid: string, reason: string, from: string): void;
}
