/**
 * Live processes and calls of a runtime, by slot and by number.
 *
 * A process that the VM started by itself is not here until somebody asks for it; then it is adopted.
 */
import { LuaProcess } from "./lua_process.ts";
import type { LuaRuntime } from "./runtime.ts";

/** Who lives where. */
export class ProcessBook {
  readonly #runtime: LuaRuntime;
  readonly #bySlot: (LuaProcess | undefined)[] = [];
  readonly #serials: number[] = [];
  readonly #byId = new Map<number, LuaProcess>();

  constructor(runtime: LuaRuntime) {
    this.#runtime = runtime;
  }

  /** The process or call at a slot. */
  at(slot: number): LuaProcess | undefined {
    return this.#bySlot[slot] ?? this.#adopt(slot);
  }

  /** The live process with this number. */
  find(id: number): LuaProcess | undefined {
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const slot = this.#runtime.universe.slotOf(id);
    return slot < 0 ? undefined : this.#adopt(slot);
  }

  /** Changes whenever a slot gets another process, so that late completions can be told apart. */
  serialOf(slot: number): number {
    return this.#serials[slot] ?? 0;
  }

  /** Whether what lived at `slot` under `serial` lives still. */
  isAlive(slot: number, serial: number): boolean {
    return this.#serials[slot] === serial && this.#bySlot[slot] !== undefined;
  }

  /** Whether a process is the one at its slot. */
  has(process: LuaProcess): boolean {
    return this.#byId.get(process.id) === process;
  }

  /** Enters a process. */
  add(process: LuaProcess, slot: number): void {
    process.slot = slot;
    this.#bySlot[slot] = process;
    this.#serials[slot] = (this.#serials[slot] ?? 0) + 1;
    this.#byId.set(process.id, process);
  }

  /** Enters a process that is not in this universe. */
  place(process: LuaProcess): void {
    this.#byId.set(process.id, process);
  }

  /** Strikes a process out. */
  delete(process: LuaProcess): void {
    if (process.slot >= 0) this.#bySlot[process.slot] = undefined;
    this.#byId.delete(process.id);
  }

  /** Those known by now; `adoptAll` makes it all there are. */
  known(): IterableIterator<LuaProcess> {
    return this.#byId.values();
  }

  /** How many are known by now. */
  get size(): number {
    return this.#byId.size;
  }

  /** Takes every process that the VM started into the books, before something is asked of all or code changes. */
  adoptAll(): void {
    const { slots } = this.#runtime.universe;
    for (let slot = 0; slot < slots; slot++) if (this.#bySlot[slot] === undefined) this.#adopt(slot);
  }

  /** Takes a process that the VM started into the books: its record, its host and who watches it. */
  #adopt(slot: number): LuaProcess | undefined {
    const { frames, hosts, node, programs, table, universe } = this.#runtime;
    const adopted = universe.adopt(slot);
    if (adopted === undefined) return undefined;
    const program = programs.byRef(adopted.program);
    const frame = frames.at(adopted.frame);
    if (program === undefined || frame === undefined) {
      throw new Error(`process ${adopted.pid} has no program or frame`);
    }
    const process = new LuaProcess(adopted.pid, node, adopted.host, program, frame, false);
    this.add(process, slot);
    process.startedMs = adopted.startedSeconds * 1000;
    process.parent = adopted.parent;
    hosts.get(adopted.host)?.processes.add(process);
    if (adopted.watcher !== 0 && this.find(adopted.watcher) !== undefined) {
      table.monitor(adopted.watcher, adopted.pid);
    }
    return process;
  }
}
