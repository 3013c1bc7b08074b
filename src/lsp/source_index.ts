/**
 * What is kept of every source of a project, so that a search looks closely only at those that have something to say.
 *
 * SI1. It is small, holds no tree and no type, and can cross to another thread; offsets, not positions.
 * SI2. The index of a source holds as long as neither the source nor anything that it imports changes.
 * SI3. Without one a source is looked at as if it might hold anything: searches find the same, only later.
 */
import type { Library } from "../lang/mod.ts";
import { EntryTypes } from "../lua/checking.ts";
import type { CheckedEntry, LuaDefinition } from "../lua/mod.ts";
import { type Details, RecentDetails } from "./details.ts";
import { outlineOf } from "./lua_symbols.ts";
import { placesOf } from "./places.ts";
import type { SymbolKind } from "./protocol.ts";
import { keyOf, type SourceSpace, symbolOf } from "./symbol.ts";
import { Text } from "./text.ts";
import type { CheckedUnit } from "./workspace.ts";

/** A symbol at the top of a source. */
export interface IndexedSymbol {
  readonly name: string;
  readonly kind: SymbolKind;
  readonly start: number;
  readonly end: number;
}

/** What is kept of one source. */
export interface SourceIndex {
  readonly symbols: readonly IndexedSymbol[];
  /** Keys of the symbols of other sources that it refers to. */
  readonly refers: ReadonlySet<string>;
}

/** The index of a checked source. */
export function indexOf(space: SourceSpace, checked: CheckedUnit): SourceIndex {
  const symbols = topSymbols(checked);
  const refers = new Set<string>();
  for (const place of placesOf(checked)) {
    const symbol = symbolOf(space, checked, place);
    if (symbol !== undefined && symbol.unit.key !== checked.unit.key) refers.add(keyOf(symbol));
  }
  return { symbols, refers };
}

/** Symbols at the top of a source. */
export function topSymbols(checked: Pick<CheckedUnit, "parsed">): IndexedSymbol[] {
  return outlineOf(checked).map(({ kind, name, nameEnd, nameStart }) => ({
    name,
    kind,
    start: nameStart,
    end: nameEnd,
  }));
}

/** Sources whose details are kept: an index needs those of one, and what it refers to is asked for again soon. */
const DETAILS_MAX = 4;

/** Sources by their definitions alone, on a thread that knows nothing else of the project. */
export class IndexSpace implements SourceSpace {
  readonly #definitions: ReadonlyMap<string, LuaDefinition>;
  readonly #types: EntryTypes;
  readonly #units = new WeakMap<object, CheckedUnit>();
  /** Origins of what no source of the project declares. */
  readonly #foreign = new WeakSet<object>();
  readonly #details = new RecentDetails(DETAILS_MAX);

  constructor(library: Library, definitions: Iterable<LuaDefinition>) {
    this.#definitions = new Map([...definitions].map((definition) => [definition.id, definition]));
    this.#types = new EntryTypes(library, (key) => this.#definitions.get(key));
  }

  unitOfOrigin(origin: object): CheckedUnit | undefined {
    const known = this.#units.get(origin);
    if (known !== undefined || this.#foreign.has(origin)) return known;
    // It was checked since the last time, or is none of the project's.
    for (const key of this.#definitions.keys()) {
      const checked = this.#types.known(key);
      if (checked !== undefined) this.#unitOf(checked);
    }
    const found = this.#units.get(origin);
    if (found === undefined) this.#foreign.add(origin);
    return found;
  }

  /** The index of the source under a key; undefined when there is none. */
  index(key: string): SourceIndex | undefined {
    const checked = this.#types.check(key);
    return checked === undefined ? undefined : indexOf(this, this.#unitOf(checked));
  }

  #unitOf(checked: CheckedEntry): CheckedUnit {
    let unit = this.#units.get(checked.resolution);
    if (unit === undefined) {
      const { id, imports, modules, source } = checked.definition;
      const details = (): Details => this.#details.of(checked);
      unit = {
        ...checked,
        unit: { key: id, uri: "", path: undefined, entries: [], modules, imports },
        text: new Text(source, "utf-16"),
        get details() {
          return details();
        },
      };
      this.#units.set(checked.resolution, unit);
    }
    return unit;
  }
}

/** The indexes of a project, and which are being made. */
export class IndexTable {
  readonly #known = new Map<string, SourceIndex>();
  /** Runs that make an index, by key: what was dropped meanwhile is not taken from them. */
  readonly #awaited = new Map<string, object>();

  get(key: string): SourceIndex | undefined {
    return this.#known.get(key);
  }

  /** Says that `run` makes the indexes of these sources. */
  await(run: object, keys: Iterable<string>): void {
    for (const key of keys) this.#awaited.set(key, run);
  }

  /** Takes an index, unless its source has changed since `run` began. */
  take(run: object, key: string, index: SourceIndex): void {
    if (this.#awaited.get(key) !== run) return;
    this.#awaited.delete(key);
    this.#known.set(key, index);
  }

  /** Drops what is known of sources. */
  drop(keys: Iterable<string>): void {
    for (const key of keys) {
      this.#known.delete(key);
      this.#awaited.delete(key);
    }
  }

  get size(): number {
    return this.#known.size;
  }
}
