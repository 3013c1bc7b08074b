/**
 * Calls of functions as their callers see them: from a Lua process, and from outside.
 *
 * Pools, retries and timeouts belong to `FunctionTable`; this binds a call's end to the one who waits for it.
 */
import { Failure, type Value, type ValueMap } from "../core/mod.ts";
import { type CallOutcome, EMPTY_FRAME, type Frame } from "../ports/mod.ts";
import { Encoded, type LuaValue, type NativeResult, PENDING } from "../vm/mod.ts";
import type { ActiveCall, CallResult } from "./function_pool.ts";
import { failureOf } from "./lua_failure.ts";
import { LuaProcess } from "./lua_process.ts";
import type { Program } from "./program_table.ts";
import type { LuaRuntime } from "./runtime.ts";

/** How a call from outside may be made. */
export interface OutsideCallOptions {
  frame?: Frame;
  signal?: AbortSignal;
  options?: Record<string, Value>;
}

/** Calls in progress. */
export class Calls {
  readonly #runtime: LuaRuntime;
  readonly #byProcess = new Map<LuaProcess, ActiveCall>();
  /** Calls from outside that somebody waits for. */
  readonly #outside = new Set<ActiveCall>();

  constructor(runtime: LuaRuntime) {
    this.#runtime = runtime;
  }

  /** A call made by a command of a Lua process; completes it with the result. */
  callFrom(
    call: { process: LuaProcess; slot: number; tag: number },
    target: string,
    args: Uint8Array,
    frame: Frame,
    options: ValueMap | undefined,
  ): NativeResult {
    const { slot, tag, process } = call;
    const { book, slices, universe } = this.#runtime;
    const serial = book.serialOf(slot);
    this.startFrom(process, target, args, frame, options, (result) => {
      if (!book.isAlive(slot, serial)) return;
      universe.complete(slot, tag, result.ok ? new Encoded(result.results) : [null, result.error]);
      slices.wake();
    });
    return PENDING;
  }

  /** A call of an entry, or of a program that is none, which is cancelled when `caller` ends. */
  startFrom(
    caller: LuaProcess,
    target: string | Program,
    args: Uint8Array,
    frame: Frame,
    options: ValueMap | undefined,
    done: (result: CallResult) => void,
  ): ActiveCall {
    let early: CallResult | undefined;
    let settled: ((result: CallResult) => void) | undefined = undefined;
    const isEntry = typeof target === "string";
    const active = this.#runtime.functions.invoke({
      target: isEntry ? target : target.definition.id,
      program: isEntry ? undefined : target,
      args,
      frame,
      options,
      done: (result) => settled === undefined ? early = result : settled(result),
    });
    if (early !== undefined) {
      // Failed before it began: still after this native call, so that the caller is suspended by then.
      const result = early;
      this.#runtime.slices.defer(() => done(result));
      return active;
    }
    caller.calls.add(active);
    settled = (result) => {
      caller.calls.delete(active);
      done(result);
    };
    this.#runtime.slices.wake();
    return active;
  }

  /** Cancels a call in progress. */
  cancel(call: ActiveCall, failure: Failure): void {
    this.#runtime.slices.defer(() => this.#runtime.functions.cancel(call, failure));
  }

  /** A call from outside; see `Runtime.call`. */
  callOutside(
    target: string,
    args: Uint8Array,
    options: OutsideCallOptions,
  ): CallOutcome | Promise<CallOutcome> {
    let outcome: CallOutcome | undefined;
    let resolve: ((outcome: CallOutcome) => void) | undefined;
    const active = this.#runtime.functions.invoke({
      target,
      args,
      frame: options.frame ?? EMPTY_FRAME,
      options: options.options,
      done: (result) => {
        const end = this.outcomeOf(result);
        if (resolve === undefined) outcome = end;
        else resolve(end);
      },
    });
    if (outcome === undefined) this.#runtime.slices.runNow();
    if (outcome !== undefined) return outcome;
    const signal = options.signal;
    this.#outside.add(active);
    return new Promise((settle) => {
      if (signal === undefined) {
        resolve = (end) => {
          this.#outside.delete(active);
          settle(end);
        };
        return;
      }
      const abort = (): void => this.cancel(active, new Failure("Canceled", "context canceled"));
      resolve = (end) => {
        this.#outside.delete(active);
        signal.removeEventListener("abort", abort);
        settle(end);
      };
      if (signal.aborted) abort();
      else signal.addEventListener("abort", abort);
    });
  }

  /** Cancels every call from outside that is in progress, and with it all that it called. */
  close(): void {
    for (const call of [...this.#outside]) {
      this.cancel(call, new Failure("Canceled", "the application has stopped"));
    }
    this.#runtime.slices.runNow();
  }

  /** A result as those outside Lua see it. */
  outcomeOf(result: CallResult): CallOutcome {
    if (!result.ok) return { ok: false, failure: failureOf(result.error) };
    const { universe } = this.#runtime;
    const values = universe.countOf(result.results) === 0 ? undefined : universe.decode(result.results)[0];
    return { ok: true, value: values as LuaValue as Value };
  }

  /** Runs a call on a worker. */
  run(slot: number, program: Program, call: ActiveCall): LuaProcess {
    const { request } = call;
    const { book, node, universe } = this.#runtime;
    const process = new LuaProcess(universe.nextPid(), node, request.target, program, request.frame, true);
    book.add(process, slot);
    this.#byProcess.set(process, call);
    universe.callWorker(slot, {
      pid: process.id,
      host: request.target,
      guarded: this.#runtime.guarded(request.frame),
      args: request.args,
    });
    return process;
  }

  /** The call that a process runs, which is over. */
  take(process: LuaProcess): ActiveCall {
    const call = this.#byProcess.get(process)!;
    this.#byProcess.delete(process);
    return call;
  }

  /** A worker for calls of a function. */
  newWorker(program: Program): number {
    const { memoryBytesMax, node, slices, universe } = this.#runtime;
    const slot = universe.newWorker({
      program: program.ref,
      host: program.definition.id,
      node,
      guarded: false,
      memoryBytesMax,
    });
    slices.wake();
    return slot;
  }

  /** Ends an idle worker. */
  dropWorker(slot: number): void {
    this.#runtime.slices.defer(() => this.#runtime.universe.kill(slot, null));
  }
}
