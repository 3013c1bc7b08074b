/**
 * Types across entries: what each Lua entry sees of its modules and imports, and what checking it tells.
 *
 * ET1. An entry is checked once; `forget` drops it and everything that imports it, however far.
 * ET2. Imports are checked for what they export; what is wrong with them is their own business.
 * ET3. An import that is missing, is no Lua or leads back to its importer is `any`.
 */
import {
  ANY_MODULE,
  type CallFacts,
  check,
  type CheckEnvironment,
  type CheckResult,
  environmentOf,
  type Library,
  type ModuleType,
  parse,
  type ParsedSource,
  readLibrary,
  type Resolution,
  resolve,
} from "../lang/mod.ts";
import type { LuaDefinition } from "./definition.ts";
import type { ModuleDefinition } from "./module.ts";
import { AMBIENT_MODULES } from "./module_catalog.ts";

/** What checking one entry tells. */
export interface CheckedEntry {
  readonly definition: LuaDefinition;
  readonly parsed: ParsedSource;
  readonly resolution: Resolution;
  readonly environment: CheckEnvironment;
  readonly result: CheckResult;
  readonly calls: CallFacts;
}

/** The declarations of these modules. */
export function libraryOf(modules: Iterable<Pick<ModuleDefinition, "types">>): Library {
  return readLibrary([...modules].map(({ types }) => types));
}

/** Types of the entries that `definition` gives. */
export class EntryTypes {
  readonly #library: Library;
  readonly #definition: (id: string) => LuaDefinition | undefined;
  readonly #checked = new Map<string, CheckedEntry>();
  readonly #open = new Set<string>();

  constructor(library: Library, definition: (id: string) => LuaDefinition | undefined) {
    this.#library = library;
    this.#definition = definition;
  }

  /** The check of an entry; undefined when there is no such Lua entry. */
  check(id: string): CheckedEntry | undefined {
    const known = this.#checked.get(id);
    if (known !== undefined) return known;
    const definition = this.#definition(id);
    if (definition === undefined) return undefined;
    const checked = this.checkApart(definition);
    this.#checked.set(id, checked);
    return checked;
  }

  /** The check of an entry, if it has been made. */
  known(id: string): CheckedEntry | undefined {
    return this.#checked.get(id);
  }

  /** Checks a definition without remembering it; its imports are remembered. */
  checkApart(definition: LuaDefinition): CheckedEntry {
    const { id } = definition;
    const parsed = parse(definition.source);
    const resolution = resolve(parsed);
    const calls: CallFacts = new Map();
    this.#open.add(id);
    const environment = this.environment(definition);
    const result = check(parsed, environment, resolution, calls);
    this.#open.delete(id);
    return { definition, parsed, resolution, environment, result, calls };
  }

  /** What the source of a definition sees; its imports are checked for it. */
  environment(definition: LuaDefinition): CheckEnvironment {
    const modules = new Map<string, string>(AMBIENT_MODULES.map((name) => [name, name]));
    for (const [alias, name] of definition.modules) modules.set(alias, name);
    const imports = new Map<string, ModuleType>();
    for (const [alias, target] of definition.imports) imports.set(alias, this.#module(target));
    return environmentOf(this.#library, { modules, imports });
  }

  /** Drops what is known of an entry and of all that import it; their ids. */
  forget(id: string): string[] {
    const gone = new Set([id]);
    // A Set's iterator also visits what is added on the way: importers of importers are found too.
    for (const changed of gone) {
      for (const { definition } of this.#checked.values()) {
        if ([...definition.imports.values()].includes(changed)) gone.add(definition.id);
      }
    }
    for (const each of gone) this.#checked.delete(each);
    return [...gone];
  }

  #module(id: string): ModuleType {
    if (this.#open.has(id)) return ANY_MODULE;
    return this.check(id)?.result.module ?? ANY_MODULE;
  }
}
