/**
 * Names for what is known of entries: a digest of a Lua entry and of all that it imports.
 *
 * EK1. Two entries with one key get the same findings of a type check, as long as the modules declare the same.
 * EK2. A key is made once; `forget` drops it and those of everything that imports the entry, however far.
 */
import { digestBytes } from "../registry/mod.ts";
import type { LuaDefinition } from "./definition.ts";

/** Keys of the entries that `definition` gives. */
export class EntryKeys {
  readonly #edition: string;
  readonly #definition: (id: string) => LuaDefinition | undefined;
  readonly #keys = new Map<string, string>();
  /** Ids of importers by the id of what they import. */
  readonly #importers = new Map<string, Set<string>>();

  /** `edition` names what checks: another one may find something else. */
  constructor(edition: string, definition: (id: string) => LuaDefinition | undefined) {
    this.#edition = edition;
    this.#definition = definition;
  }

  /** The key of an entry; "" when there is no such Lua entry. */
  key(id: string): string {
    const known = this.#keys.get(id);
    if (known !== undefined) return known;
    // An import that leads back here is known by its id alone.
    this.#keys.set(id, id);
    const definition = this.#definition(id);
    const key = definition === undefined ? "" : digestBytes(new TextEncoder().encode(JSON.stringify([
      this.#edition,
      id,
      definition.kind,
      definition.method,
      definition.source,
      [...definition.modules],
      [...definition.imports].map(([alias, target]) => [alias, target, this.#imported(id, target)]),
    ])));
    this.#keys.set(id, key);
    return key;
  }

  #imported(importer: string, target: string): string {
    const importers = this.#importers.get(target);
    if (importers === undefined) this.#importers.set(target, new Set([importer]));
    else importers.add(importer);
    return this.key(target);
  }

  /** Drops the keys of an entry and of all that import it; their ids. */
  forget(id: string): string[] {
    const gone = new Set([id]);
    // A Set's iterator also visits what is added on the way: importers of importers are found too.
    for (const each of gone) for (const importer of this.#importers.get(each) ?? []) gone.add(importer);
    for (const each of gone) this.#keys.delete(each);
    return [...gone];
  }
}
