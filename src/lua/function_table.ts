/**
 * Calls of functions: pools of workers, preset options, retries, timeouts and cancellation.
 *
 * Owns who runs a call and when; what a call does belongs to the VM, who may call to the `funcs` module.
 *
 * F1. `done` of a request is called exactly once, also when the caller is gone.
 * F2. A worker serves one call at a time and keeps its environment between calls. One that failed is not used again.
 * F3. A static pool lets `buffer` calls wait; who starts more without waiting for them is made to wait by `room`.
 * F4. Calls in progress finish on the code they started with; a pool whose program was dropped serves no new call.
 */
import { durationMs, Failure, type ValueMap } from "../core/mod.ts";
import type { Span } from "../ports/mod.ts";
import { type Exit, LuaError } from "../vm/mod.ts";
import {
  ActiveCall,
  type CallObserver,
  type CallRequest,
  type CallResult,
  FunctionPool,
} from "./function_pool.ts";
import type { LuaProcess } from "./lua_process.ts";
import { failureOf, luaErrorOf } from "./lua_failure.ts";
import type { Program } from "./program_table.ts";
import { retries, retryDelayMs } from "./retry_rule.ts";
import type { LuaRuntime } from "./runtime.ts";

/** All functions of a runtime. */
export class FunctionTable {
  readonly #runtime: LuaRuntime;
  readonly #pools = new Map<string, FunctionPool>();
  readonly #observe: CallObserver | undefined;
  /** Calls that were traced so far. */
  #traced = 0;

  constructor(runtime: LuaRuntime, observe?: CallObserver) {
    this.#runtime = runtime;
    this.#observe = observe;
  }

  /** Starts a call; `request.done` gets the outcome, possibly before this returns. */
  invoke(request: CallRequest): ActiveCall {
    const definition = this.#runtime.programs.definition(request.target);
    const preset = definition?.options;
    const options = isEmpty(preset) ? request.options : { ...preset, ...request.options };
    const span = definition === undefined ? undefined : this.#startSpan(request);
    const call = new ActiveCall(span === undefined ? request : within(request, span), options);
    call.span = span;
    if (this.#observe !== undefined && definition !== undefined) {
      call.startedMs = this.#runtime.services.ports.clock.monotonicMs();
    }
    const { outside } = this.#runtime;
    if (outside !== undefined && !outside.runsHere(request.target)) {
      call.elsewhere = outside.call(request, (result) => this.#finish(call, result));
      return call;
    }
    const timeout = options?.["timeout"];
    if (timeout !== undefined && timeout !== null) {
      const ms = typeof timeout === "number" ? timeout : durationMs(String(timeout), "timeout");
      if (ms > 0) {
        call.timer = this.#runtime.services.ports.clock.timer(ms, () => {
          this.cancel(
            call,
            new Failure("Timeout", `call of ${request.target} timed out after ${ms}ms`, { retryable: true }),
          );
        });
      }
    }
    this.#attempt(call);
    return call;
  }

  #startSpan({ frame, target }: CallRequest): Span | undefined {
    const { tracing } = this.#runtime.services;
    if (tracing?.sources.calls !== true) return undefined;
    return tracing.start(target, "internal", frame.trace, { "frame.id": ++this.#traced });
  }

  /**
   * Undefined when one more call of `target` may be started now. Otherwise it runs or waits with so many others that its caller
   * should wait first: the promise settles when there may be room, or when `caller` has ended.
   */
  room(target: string, caller: LuaProcess): Promise<void> | undefined {
    const { outside } = this.#runtime;
    if (outside !== undefined && !outside.runsHere(target)) return outside.room(target, caller);
    const pool = this.#pools.get(target);
    if (pool === undefined || pool.waiting.length < pool.plan.buffer) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    const enter = (): void => {
      pool.knocking.delete(enter);
      forget();
      resolve();
    };
    const forget = caller.onEnd(enter);
    pool.knocking.add(enter);
    return promise;
  }

  /**
   * Ends a call with `failure`. A function is killed; a process that was called is asked to end and goes on by itself. A finished
   * call stays as it is, and one outside that wants to end by itself does.
   */
  cancel(call: ActiveCall, failure: Failure): void {
    if (call.finished || call.elsewhere?.cancel() === "ends") return;
    const process = call.process;
    call.process = undefined;
    this.#finish(call, { ok: false, error: luaErrorOf(failure) });
    if (process !== undefined && !process.isCall) this.#askToEnd(process);
    else if (process !== undefined) this.#runtime.endings.kill(process, luaErrorOf(failure));
    else if (call.pool !== undefined) {
      const index = call.pool.waiting.indexOf(call);
      if (index < 0) return;
      call.pool.waiting.splice(index, 1);
      this.#admit(call.pool);
    }
  }

  #askToEnd(process: LuaProcess): void {
    const { messages, slices, book } = this.#runtime;
    slices.defer(() => {
      if (book.has(process)) messages.cancel(process.pid, "caller context canceled", "");
    });
  }

  /** Takes the end of a call's process from the VM. */
  exited(process: LuaProcess, call: ActiveCall, exit: Exit): void {
    const pool = call.pool!;
    const slot = process.slot;
    if (process.killed) this.#replace(pool);
    else if (exit.ok && !pool.stale) this.#release(pool, slot);
    else this.#drop(pool, slot);
    if (call.process !== process) return;
    call.process = undefined;
    this.#settle(call, callResult(this.#runtime, exit));
  }

  /** Retires the pools of these functions; calls in progress finish. */
  retire(ids: readonly string[]): void {
    for (const id of ids) {
      const pool = this.#pools.get(id);
      if (pool === undefined) continue;
      this.#pools.delete(id);
      pool.stale = true;
      pool.sweep?.cancel();
      for (const slot of pool.idle.splice(0)) this.#drop(pool, slot);
      for (const call of pool.waiting.splice(0)) this.#attempt(call);
      for (const enter of pool.knocking) enter();
      this.#runtime.slices.wake();
    }
  }

  /** Whether workers of this program may still be started here; a pool that has none and waits for nothing is given up. */
  holds(program: Program): boolean {
    const { id } = program.definition;
    const pool = this.#pools.get(id);
    if (pool?.program !== program) return false;
    if (pool.workers > 0 || pool.waiting.length > 0 || pool.knocking.size > 0) return true;
    pool.sweep?.cancel();
    this.#pools.delete(id);
    return false;
  }

  /** Workers alive, by function id. */
  workers(): Record<string, { workers: number; idle: number; waiting: number }> {
    const result: Record<string, { workers: number; idle: number; waiting: number }> = {};
    for (const [id, pool] of this.#pools) {
      result[id] = { workers: pool.workers, idle: pool.idle.length, waiting: pool.waiting.length };
    }
    return result;
  }

  /** Starts the workers of pools that ask for it. */
  warm(id: string): void {
    const pool = this.#poolOf(id);
    if (pool === undefined) return;
    const count = pool.plan.type === "static" ? pool.plan.workersMax : pool.plan.warmStart ? 1 : 0;
    while (pool.workers < count) pool.idle.push(this.#hire(pool));
  }

  #poolOf(id: string): FunctionPool | undefined {
    let pool = this.#pools.get(id);
    if (pool !== undefined) return pool;
    const program = this.#runtime.programs.program(id);
    if (program === undefined) return undefined;
    pool = new FunctionPool(program);
    this.#pools.set(id, pool);
    return pool;
  }

  #attempt(call: ActiveCall): void {
    call.delay = undefined;
    const { program, target } = call.request;
    try {
      if (program !== undefined) {
        this.#runOnce(call, program);
        return;
      }
      const definition = this.#runtime.programs.definition(target);
      const host = definition?.kind === "process.lua"
        ? definition.defaultHost || call.request.host
        : undefined;
      if (host !== undefined && host !== "") {
        this.#runProcess(call, host);
        return;
      }
      const pool = definition?.kind === "function.lua" || definition?.kind === "module.lua"
        ? this.#poolOf(target)
        : undefined;
      if (pool === undefined) {
        throw new Failure("NotFound", "no handler registered for target", {
          retryable: false,
          details: { target },
        });
      }
      call.pool = pool;
      const slot = pool.idle.pop();
      if (pool.idle.length < pool.idleLeast) pool.idleLeast = pool.idle.length;
      if (slot !== undefined) this.#run(call, pool, slot);
      else if (pool.workers < pool.plan.workersMax) this.#run(call, pool, this.#hire(pool));
      else pool.waiting.push(call);
    } catch (error) {
      this.#finish(call, { ok: false, error: luaErrorOf(error) });
    }
  }

  #run(call: ActiveCall, pool: FunctionPool, slot: number): void {
    call.process = this.#runtime.calls.run(slot, pool.program, call);
    call.span?.set({ "process.pid": call.process.pid });
  }

  /** Runs a program that is no entry, in a pool that is stale from the start: its worker is dropped after the call. */
  #runOnce(call: ActiveCall, program: Program): void {
    const pool = new FunctionPool(program);
    pool.stale = true;
    call.pool = pool;
    this.#run(call, pool, this.#hire(pool));
  }

  #runProcess(call: ActiveCall, host: string): void {
    const runtime = this.#runtime;
    const process = runtime.starter.start(call.request.target, host, call.request.args, {
      frame: call.request.frame,
      inherit: true,
    });
    runtime.endings.onExit(process, (exit) => {
      if (call.finished) return;
      this.#settle(call, callResult(runtime, exit));
    });
    call.pool = undefined;
    call.process = process;
    call.span?.set({ "process.pid": process.pid });
  }

  #hire(pool: FunctionPool): number {
    pool.workers++;
    return this.#runtime.calls.newWorker(pool.program);
  }

  #release(pool: FunctionPool, slot: number): void {
    const next = this.#next(pool);
    if (next !== undefined) {
      this.#run(next, pool, slot);
      return;
    }
    pool.idle.push(slot);
    if (pool.sweep === undefined) this.#setSweep(pool);
  }

  /** Takes the call that has waited longest. */
  #next(pool: FunctionPool): ActiveCall | undefined {
    const next = pool.waiting.shift();
    // Also when nobody waited: one that was let in before may have ended without a call.
    this.#admit(pool);
    return next;
  }

  /** Lets one in that waits for room: it starts its call, if it still wants to. */
  #admit(pool: FunctionPool): void {
    const [enter] = pool.knocking;
    enter?.();
  }

  #setSweep(pool: FunctionPool): void {
    if (pool.plan.idleMs === Infinity || pool.idle.length <= pool.plan.workersKept) return;
    const { clock } = this.#runtime.services.ports;
    pool.idleLeast = pool.idle.length;
    pool.sweep = clock.timer(pool.plan.idleMs, () => this.#sweep(pool), { background: true });
  }

  /** Drops workers that were idle for a whole period: those at the bottom of the stack. */
  #sweep(pool: FunctionPool): void {
    pool.sweep = undefined;
    const surplus = Math.min(pool.idleLeast, pool.idle.length - pool.plan.workersKept);
    for (const slot of pool.idle.splice(0, Math.max(0, surplus))) this.#drop(pool, slot);
    this.#setSweep(pool);
  }

  #drop(pool: FunctionPool, slot: number): void {
    this.#runtime.calls.dropWorker(slot);
    this.#replace(pool);
  }

  /** Takes note that a worker is gone; a call that waits gets a new one. */
  #replace(pool: FunctionPool): void {
    pool.workers--;
    const next = pool.stale ? undefined : this.#next(pool);
    if (next !== undefined) this.#run(next, pool, this.#hire(pool));
  }

  #settle(call: ActiveCall, result: CallResult): void {
    const rule = call.retry;
    if (!result.ok && rule !== undefined && call.attempt < rule.attempts && retries(rule, result.error)) {
      const { clock, random } = this.#runtime.services.ports;
      call.attempt++;
      call.delay = clock.timer(retryDelayMs(rule, call.attempt, random), () => {
        this.#attempt(call);
        this.#runtime.slices.wake();
      });
      return;
    }
    this.#finish(call, result);
  }

  #finish(call: ActiveCall, result: CallResult): void {
    if (call.finished) return;
    call.finished = true;
    call.timer?.cancel();
    call.delay?.cancel();
    if (call.startedMs !== undefined) {
      const ms = this.#runtime.services.ports.clock.monotonicMs() - call.startedMs;
      this.#observe!(call.request.target, ms, result.ok);
    }
    call.span?.end(result.ok ? undefined : failureOf(result.error));
    call.request.done(result);
  }
}

/** A request as part of its span. */
function within(request: CallRequest, span: Span): CallRequest {
  return { ...request, frame: { ...request.frame, trace: span.context } };
}

/** What a finished function hands to its caller: the first value, or the error that its second value is. */
export function callResult(runtime: LuaRuntime, exit: Exit): CallResult {
  if (!exit.ok) return { ok: false, error: exit.error!, isRaised: true };
  const universe = runtime.universe;
  const count = universe.countOf(exit.results);
  if (count === 1) return { ok: true, results: exit.results };
  const values = count === 0 ? [] : universe.decode(exit.results);
  const second = values[1];
  if (second instanceof LuaError) return { ok: false, error: second };
  if (typeof second === "string") return { ok: false, error: new LuaError(second, "Internal", false) };
  return { ok: true, results: universe.firstOf(exit.results) };
}

function isEmpty(map: ValueMap | undefined): boolean {
  for (const _ in map) return false;
  return true;
}
