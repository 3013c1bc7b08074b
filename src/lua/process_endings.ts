/**
 * Ends of processes and calls: by themselves, by force, and who is told.
 *
 * E1. Every process that was started is reported to `ProcessTable` exactly once when it ends.
 */
import { Failure, type Value } from "../core/mod.ts";
import type { Exit, LuaError } from "../vm/mod.ts";
import { callResult } from "./function_table.ts";
import { failureOf } from "./lua_failure.ts";
import type { LuaProcess } from "./lua_process.ts";
import { endTrace } from "./process_trace.ts";
import type { LuaRuntime } from "./runtime.ts";

/** Gets the end of a process. */
export type ExitListener = (exit: Exit) => void;

/** What happens when a process ends. */
export class ProcessEndings {
  readonly #runtime: LuaRuntime;
  readonly #listeners = new Map<number, Set<ExitListener>>();

  constructor(runtime: LuaRuntime) {
    this.#runtime = runtime;
  }

  /** Calls `listener` when the process ends; returns a function that forgets it. */
  onExit(process: LuaProcess, listener: ExitListener): () => void {
    let listeners = this.#listeners.get(process.id);
    if (listeners === undefined) this.#listeners.set(process.id, listeners = new Set());
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** Ends a process or call by force with an error. */
  kill(process: LuaProcess, error: LuaError): void {
    this.#runtime.slices.defer(() => {
      if (!this.#runtime.book.has(process)) return;
      if (process.placement !== undefined) return this.#runtime.board!.kill(process, error);
      process.killed = true;
      this.#runtime.universe.kill(process.slot, error);
    });
  }

  /** Takes the end of what ran at `slot` from the VM. */
  exited(slot: number, exit: Exit): void {
    const { book, calls, functions } = this.#runtime;
    const process = book.at(slot);
    if (process === undefined) return;
    if (!process.isCall) return this.ended(process, exit);
    book.delete(process);
    this.#leave(process);
    const call = calls.take(process);
    this.#announce(process, exit);
    functions.exited(process, call, exit);
  }

  /** Lets a process go that goes on elsewhere: nobody here is told. */
  released(process: LuaProcess): void {
    const { book, hosts, universe } = this.#runtime;
    universe.kill(process.slot, null);
    book.delete(process);
    this.#listeners.delete(process.id);
    this.#leave(process);
    hosts.left(process);
  }

  /** Takes the end of a process, or of a function call in another worker. */
  ended(process: LuaProcess, exit: Exit): void {
    this.#runtime.book.delete(process);
    this.#leave(process);
    this.#runtime.hosts.left(process);
    const { tracing } = this.#runtime.services;
    if (tracing !== undefined && !process.isCall) endTrace(tracing, process, exit);
    this.#announce(process, exit);
  }

  /** Gives up what it has under way. */
  #leave(process: LuaProcess): void {
    const { calls } = this.#runtime;
    if (process.hasCalls) {
      for (const call of process.calls) {
        calls.cancel(call, new Failure("Canceled", "caller context canceled"));
      }
    }
    process.end();
  }

  #announce(process: LuaProcess, exit: Exit): void {
    const { board, names, table, universe } = this.#runtime;
    names.release(process.id);
    board?.crew.gone(process.id);
    names.shared?.released(process.pid);
    const listeners = this.#listeners.get(process.id);
    if (table.involved(process.id)) {
      const result = callResult(this.#runtime, exit);
      const value = result.ok && universe.countOf(result.results) > 0
        ? universe.decode(result.results)[0]
        : null;
      const error = result.ok ? null : result.error;
      // A returned error is the value of a clean end for the scheduler, yet a failure for those who watch.
      table.exited(process.id, process.pid, value as Value, error === null ? null : failureOf(error));
    }
    if (listeners !== undefined) {
      this.#listeners.delete(process.id);
      for (const listener of listeners) listener(exit);
    }
  }
}
