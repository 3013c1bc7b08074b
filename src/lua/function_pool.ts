/** Calls that were asked for, and the workers that serve those of one function. */
import type { ValueMap } from "../core/mod.ts";
import type { Frame, Span, TimerHandle } from "../ports/mod.ts";
import type { LuaError } from "../vm/mod.ts";
import type { PoolPlan } from "./definition.ts";
import type { LuaProcess } from "./lua_process.ts";
import type { OutsideCall } from "./outside.ts";
import type { Program } from "./program_table.ts";
import { type RetryRule, retryRule } from "./retry_rule.ts";

/** How a call ended: exactly one encoded value, or an error, which was returned or, with `isRaised`, ended the code. */
export type CallResult =
  | { ok: true; results: Uint8Array }
  | { ok: false; error: LuaError; isRaised?: true };

/** A call to make. */
export interface CallRequest {
  readonly target: string;
  /** What to run when it is no entry: once, on a worker of its own. */
  readonly program?: Program | undefined;
  /** Encoded argument list. */
  readonly args: Uint8Array;
  readonly frame: Frame;
  /** Overrides of the function's preset options. */
  readonly options: ValueMap | undefined;
  /** Where a process runs that names no host of its own. */
  readonly host?: string;
  done(result: CallResult): void;
}

/** Is told of each call that has ended: the function, how long it took, and whether it succeeded. */
export type CallObserver = (target: string, ms: number, isOk: boolean) => void;

/** A call in progress. */
export class ActiveCall {
  readonly request: CallRequest;
  readonly options: ValueMap | undefined;
  readonly retry: RetryRule | undefined;
  attempt = 1;
  process: LuaProcess | undefined;
  pool: FunctionPool | undefined;
  timer: TimerHandle | undefined;
  delay: TimerHandle | undefined;
  finished = false;
  /** The same call outside of this runtime. */
  elsewhere: OutsideCall | undefined;
  /** Monotonic; set only when it is observed. */
  startedMs: number | undefined;
  /** What it is in a trace. */
  span: Span | undefined;

  constructor(request: CallRequest, options: ValueMap | undefined) {
    this.request = request;
    this.options = options;
    this.retry = options === undefined ? undefined : retryRule(options["retry"]);
  }
}

/** Workers of one function. */
export class FunctionPool {
  readonly program: Program;
  readonly plan: PoolPlan;
  readonly idle: number[] = [];
  readonly waiting: ActiveCall[] = [];
  /** Those who wait for room among the waiting calls, first come first. */
  readonly knocking = new Set<() => void>();
  workers = 0;
  stale = false;
  sweep: TimerHandle | undefined;
  /** Fewest idle workers since the sweep was set: that many did nothing all the time. */
  idleLeast = 0;

  constructor(program: Program) {
    this.program = program;
    this.plan = program.definition.pool;
  }
}
