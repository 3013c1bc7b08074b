/**
 * One state of the registry: entries in a stable order, found by id at once.
 *
 * ST1. A state never changes; `with` makes another one. An updated entry keeps its place, a new one comes last.
 */
import { parseEntryId } from "../core/mod.ts";
import type { Operation } from "./change_set.ts";
import type { Entry } from "./entry.ts";

/** An immutable set of entries. */
export class RegistryState {
  static readonly empty: RegistryState = new RegistryState(new Map());
  readonly #entries: ReadonlyMap<string, Entry>;
  #byNamespace: Map<string, Entry[]> | undefined;

  constructor(entries: ReadonlyMap<string, Entry>) {
    this.#entries = entries;
  }

  /** A state of these entries; a later entry replaces an earlier one of the same id. */
  static of(entries: Iterable<Entry>): RegistryState {
    const map = new Map<string, Entry>();
    for (const entry of entries) map.set(entry.id, entry);
    return new RegistryState(map);
  }

  get size(): number {
    return this.#entries.size;
  }

  get(id: string): Entry | undefined {
    return this.#entries.get(id);
  }

  /** All entries in order. */
  all(): Iterable<Entry> {
    return this.#entries.values();
  }

  /** Entries of exactly this namespace, in order. */
  namespace(ns: string): readonly Entry[] {
    if (this.#byNamespace === undefined) {
      this.#byNamespace = new Map();
      for (const entry of this.#entries.values()) {
        const name = parseEntryId(entry.id).ns;
        const list = this.#byNamespace.get(name);
        if (list === undefined) this.#byNamespace.set(name, [entry]);
        else list.push(entry);
      }
    }
    return this.#byNamespace.get(ns) ?? [];
  }

  /** The state after these operations. */
  with(operations: readonly Operation[]): RegistryState {
    if (operations.length === 0) return this;
    const next = new Map(this.#entries);
    for (const { kind, entry } of operations) {
      if (kind === "entry.delete") next.delete(entry.id);
      else next.set(entry.id, entry);
    }
    return new RegistryState(next);
  }
}
