/**
 * Code that changes while it runs: entries that come, change and go, and processes that upgrade themselves.
 */
import { type NativeResult, PENDING } from "../vm/mod.ts";
import type { LuaDefinition } from "./definition.ts";
import { luaErrorOf } from "./lua_failure.ts";
import type { LuaProcess } from "./lua_process.ts";
import type { LuaRuntime } from "./runtime.ts";

/** Changes the code of a runtime. */
export class CodeChanges {
  readonly #runtime: LuaRuntime;

  constructor(runtime: LuaRuntime) {
    this.#runtime = runtime;
  }

  /** Adds or replaces the code of an entry. Fails with Invalid and changes nothing when it does not compile. */
  define(definition: LuaDefinition): void {
    const { book, programs } = this.#runtime;
    if (programs.definition(definition.id) !== undefined) book.adoptAll();
    programs.set(definition);
    this.#runtime.board?.defined(definition.id);
  }

  /** Forgets the code of an entry. */
  undefine(id: string): void {
    this.#runtime.book.adoptAll();
    this.#runtime.programs.delete(id);
    this.#runtime.board?.undefined(id);
  }

  /** Tells everything that runs code of `ids` that it changed: pools retire, upgradable processes get OUTDATED. */
  announce(ids: readonly string[]): void {
    const { book, functions, programs } = this.#runtime;
    const changed = [...programs.affectedBy(ids)];
    functions.retire(changed);
    this.#runtime.board?.announced(ids);
    for (const process of book.known()) {
      if (!process.isCall && process.upgradable && process.placement === undefined) {
        this.#tellOutdated(process, changed);
      }
    }
  }

  #tellOutdated(process: LuaProcess, ids: readonly string[]): void {
    const { slices, universe } = this.#runtime;
    const { sources } = process.program;
    const changed = ids.filter((id) => sources.has(id));
    if (changed.length === 0) return;
    const fresh = process.outdated === null || !universe.hasEvent(process.slot, "pid.outdated");
    process.outdated = new Set([...(fresh ? [] : process.outdated!), ...changed]);
    const event = {
      kind: "pid.outdated",
      from: process.pid,
      at: this.#runtime.nowSeconds(),
      sources: [...process.outdated].sort(),
    };
    universe.deliverEvent(process.slot, process.pid, event, "pid.outdated");
    slices.wake();
  }

  /** Replaces the code of the calling process when this slice is over. */
  upgradeSelf(call: { process: LuaProcess; tag: number }, entryId: string, args: Uint8Array): NativeResult {
    // Nothing completes this call, yet what waits has a tag.
    const { process, tag: _tag } = call;
    const { book, outside, slices, starter, universe } = this.#runtime;
    slices.defer(() => {
      if (!book.has(process)) return;
      if (outside?.moves(process, entryId, args)) return;
      try {
        const program = starter.program(entryId);
        process.program = program;
        process.outdated = null;
        universe.replace(process.slot, program.ref, args);
      } catch (error) {
        universe.kill(process.slot, luaErrorOf(error));
      }
    });
    return PENDING;
  }
}
