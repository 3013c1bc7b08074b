/**
 * What the runtime knows of one Lua process or function call. The VM's side of it is named by `slot`.
 */
import { type Pid, printPid } from "../core/mod.ts";
import type { Frame } from "../ports/mod.ts";
import type { ActiveCall } from "./function_pool.ts";
import type { ProcessContext } from "./module.ts";
import type { Program } from "./program_table.ts";
import type { Placement } from "./workers/placement.ts";

/** One side of a monitor or link: a process of Lua or a native one. */
export type Party = Pick<LuaProcess, "id" | "pid">;

/** A live process or call. */
export class LuaProcess implements ProcessContext, Pid {
  readonly node: string;
  readonly id: number;
  readonly host: string;
  readonly entryId: string;
  /** True for a function call, which has a pid but no life of its own. */
  readonly isCall: boolean;
  frame: Frame;
  program: Program;
  /** In this universe; -1 for a process that waits or is in another worker. */
  slot = -1;
  /** Set while it is not in this universe. */
  placement: Placement | undefined;
  /** Pid of the process that spawned it; "" when it came from outside. */
  parent = "";
  /** When it was started, in milliseconds since the Unix epoch. */
  startedMs = 0;
  trapLinks = false;
  upgradable = false;
  /** Set once it is to end by force: then its slot goes with it, also that of a worker. */
  killed = false;
  /** Ids whose change was announced and not yet read; null when nothing is pending. */
  outdated: Set<string> | null = null;
  /** It has ended: nothing can be started for it any more. */
  ended = false;
  #calls: Set<ActiveCall> | undefined;
  #pid: string | undefined;
  #abort: AbortController | undefined;
  #cleanups: Set<() => void> | undefined;

  constructor(id: number, node: string, host: string, program: Program, frame: Frame, isCall: boolean) {
    this.id = id;
    this.node = node;
    this.host = host;
    this.program = program;
    this.entryId = program.definition.id;
    this.frame = frame;
    this.isCall = isCall;
  }

  get pid(): string {
    return this.#pid ??= printPid(this);
  }

  /** Calls in progress that end with this process. */
  get calls(): Set<ActiveCall> {
    return this.#calls ??= new Set();
  }

  get hasCalls(): boolean {
    return this.#calls !== undefined && this.#calls.size > 0;
  }

  get hostId(): string {
    return this.host;
  }

  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.ended) this.#abort.abort();
    }
    return this.#abort.signal;
  }

  onEnd(cleanup: () => void): () => void {
    const cleanups = this.#cleanups ??= new Set();
    cleanups.add(cleanup);
    return () => cleanups.delete(cleanup);
  }

  /** Aborts the signal and runs the clean-ups, each once. */
  end(): void {
    this.ended = true;
    const cleanups = this.#cleanups;
    this.#cleanups = undefined;
    if (this.#abort !== undefined) this.#abort.abort();
    if (cleanups !== undefined) { for (const cleanup of cleanups) cleanup(); }
  }
}
