/**
 * Entries and the Lua sources behind them, put together from definition files and from an application that runs.
 */
import { isValueMap, resolveEntryId, type Value, type ValueMap } from "../core/mod.ts";
import { LUA_KINDS, type LuaDefinition, type LuaKind, planPool } from "../lua/mod.ts";
import type { Entry } from "../registry/mod.ts";
import type { DefinitionText, WrittenEntry } from "./definition_text.ts";
import type { ProjectFiles } from "./project_files.ts";
import { entryUri, fileUri } from "./uris.ts";

/** Entries of a running application. */
export interface LiveEntries {
  all(): Iterable<Entry>;
}

/** An entry, written in a file or alive in an application. */
export interface ProjectEntry {
  readonly id: string;
  readonly ns: string;
  readonly kind: string;
  readonly meta: ValueMap;
  readonly data: ValueMap;
  /** The file that defines it, and where. */
  readonly definition:
    | { readonly path: string; readonly uri: string; readonly entry: WrittenEntry }
    | undefined;
}

/** A Lua source with the entries that it is the source of. */
export interface LuaUnit {
  /** Names the unit among the checked ones. */
  readonly key: string;
  /** The document; that of the file when there is one. */
  readonly uri: string;
  readonly path: string | undefined;
  readonly entries: readonly ProjectEntry[];
  readonly modules: ReadonlyMap<string, string>;
  readonly imports: ReadonlyMap<string, string>;
}

/** A unit while it is being put together. */
export interface DraftUnit extends LuaUnit {
  readonly entries: ProjectEntry[];
  readonly modules: Map<string, string>;
  readonly imports: Map<string, string>;
  /** The text, when it stands in no file of its own or an application has it. */
  inline: string | undefined;
}

/** All entries and sources. */
export class UnitTable {
  /** Entries by id. */
  readonly entries = new Map<string, ProjectEntry>();
  /** Sources by key. */
  readonly units = new Map<string, DraftUnit>();
  readonly unitByUri = new Map<string, DraftUnit>();
  readonly unitByEntry = new Map<string, DraftUnit>();
  readonly #files: ProjectFiles;
  /** Sources by the key of what they import; made when somebody asks. */
  #importers: ReadonlyMap<string, readonly LuaUnit[]> | undefined;

  constructor(
    files: ProjectFiles,
    definitions: Iterable<[string, DefinitionText]>,
    live: LiveEntries | undefined,
  ) {
    this.#files = files;
    for (const [path, { entries }] of definitions) {
      const uri = fileUri(path);
      for (const entry of entries) {
        if (this.entries.has(entry.id)) continue;
        const { id, ns, kind, meta, data } = entry;
        this.entries.set(id, { id, ns, kind, meta, data, definition: { path, uri, entry } });
      }
    }
    const alive = new Map<string, Entry>();
    for (const entry of live?.all() ?? []) {
      const { id, kind, meta, data } = entry;
      alive.set(id, entry);
      const { definition } = this.entries.get(id) ?? {};
      this.entries.set(id, { id, ns: id.slice(0, id.indexOf(":")), kind, meta, data, definition });
    }
    for (const entry of this.entries.values()) this.#addUnit(entry, alive.get(entry.id));
  }

  #addUnit(entry: ProjectEntry, alive: Entry | undefined): void {
    if (!LUA_KINDS.includes(entry.kind as LuaKind)) return;
    const source = entry.definition?.entry.source;
    const path = source?.kind === "file"
      ? this.#files.resolve(
        this.#files.directory(entry.definition!.path),
        source.reference.replace(/^\/+/, ""),
      )
      : undefined;
    const text = alive?.data.source ?? (source?.kind === "inline" ? source.value : undefined);
    if (path === undefined && typeof text !== "string") return;
    const uri = path === undefined ? entryUri(entry.id) : fileUri(path);
    let unit = this.unitByUri.get(uri);
    if (unit === undefined) {
      unit = {
        key: entry.id,
        uri,
        path,
        entries: [],
        modules: new Map(),
        imports: new Map(),
        inline: undefined,
      };
      this.units.set(unit.key, unit);
      this.unitByUri.set(uri, unit);
    }
    if (typeof text === "string") unit.inline = text;
    unit.entries.push(entry);
    this.unitByEntry.set(entry.id, unit);
    for (const name of textsIn(entry.data.modules)) unit.modules.set(name, name);
    const { imports } = entry.data;
    for (const [alias, target] of Object.entries(isValueMap(imports) ? imports : {})) {
      if (typeof target !== "string") continue;
      if (target.startsWith(":")) unit.modules.set(alias, target.slice(1));
      else unit.imports.set(alias, resolveEntryId(target, entry.ns));
    }
  }

  /** Adds a Lua file that is the source of no entry; it is granted all of `modules`. */
  addLoose(uri: string, path: string, modules: Iterable<string>): DraftUnit {
    const unit: DraftUnit = {
      key: `file:${uri}`,
      uri,
      path,
      entries: [],
      modules: new Map([...modules].map((module) => [module, module])),
      imports: new Map(),
      inline: undefined,
    };
    this.units.set(unit.key, unit);
    this.unitByUri.set(uri, unit);
    return unit;
  }

  /** What the checker asks of a source with that text; its imports are named by the keys of their sources. */
  definitionOf(unit: LuaUnit, source: string): LuaDefinition {
    const method = unit.entries[0]?.data.method;
    return {
      module: "",
      id: unit.key,
      kind: (unit.entries[0]?.kind ?? "library.lua") as LuaKind,
      source,
      method: typeof method === "string" && method !== "" ? method : "main",
      modules: unit.modules,
      imports: new Map([...unit.imports].map(([alias, id]) => [alias, this.unitByEntry.get(id)?.key ?? id])),
      pool: planPool(undefined),
      options: {},
      defaultHost: "",
    };
  }

  /** Sources that import the one under `key`, however far. */
  importersOf(key: string): LuaUnit[] {
    const importers = this.#importers ??= this.#importersByKey();
    const found = new Set<LuaUnit>();
    const visit = (imported: string): void => {
      for (const other of importers.get(imported) ?? []) {
        if (other.key !== key) found.add(other);
      }
    };
    visit(key);
    // A Set's iterator also visits what is added on the way.
    for (const each of found) visit(each.key);
    return [...found];
  }

  #importersByKey(): Map<string, LuaUnit[]> {
    const importers = new Map<string, LuaUnit[]>();
    for (const unit of this.units.values()) {
      const keys = new Set([...unit.imports.values()].map((id) => this.unitByEntry.get(id)?.key));
      for (const key of keys) {
        if (key === undefined) continue;
        const known = importers.get(key);
        if (known === undefined) importers.set(key, [unit]);
        else known.push(unit);
      }
    }
    return importers;
  }

  /** What a source is granted, to compare by. */
  grantsOf(unit: DraftUnit): string {
    const imports = [...unit.imports].map(([alias, id]) => [alias, id, this.unitByEntry.get(id)?.key]);
    return JSON.stringify([[...unit.modules], imports, unit.inline, unit.uri]);
  }
}

function textsIn(value: Value): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
