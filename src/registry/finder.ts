/**
 * Finds entries by kind, namespace, name, id and metadata.
 *
 * F1. Every condition of a filter must hold; an empty filter fits every entry. Results keep the registry's order.
 * F2. Root keys `.kind`, `.ns`, `.name`, `.id` (the dot may be missing) compare globs. `meta.<key>` compares for equality, types
 *     included; before it `~` is a regular expression, `^` a prefix, `$` a suffix, `*` a part of a text or of an item of a list.
 *     What follows `meta.` is one key, dots and all. `meta = {a = x}` means `meta.a = x`.
 * F3. Keys of any other form, and malformed regular expressions, are passed over and reported.
 * F4. Results for the current state are kept, as are compiled expressions, the least recently used dropped first; a new state
 *     drops all results.
 */
import {
  asFailure,
  EXPRESSIONS_CACHED_DEFAULT,
  Failure,
  isValueMap,
  parseEntryId,
  QUERIES_CACHED_DEFAULT,
  RecentTable,
  type Value,
  type ValueMap,
  valuesEqual,
} from "../core/mod.ts";
import type { Entry } from "./entry.ts";
import type { RegistryState } from "./state.ts";

/** Compiles a regular expression that runs in linear time; throws when it is malformed. */
export type CompileExpression = (pattern: string) => (text: string) => boolean;

/** Sizes of a finder's caches; 0 keeps nothing. */
export interface FinderOptions {
  /** Results kept. */
  readonly queriesMax?: number;
  /** Compiled regular expressions kept. */
  readonly expressionsMax?: number;
}

/** How one search is made. */
export interface FindOptions {
  readonly compile: CompileExpression;
  /** Told of keys that are passed over. */
  readonly warn?: (message: string, fields: Record<string, Value>) => void;
}

type Condition = (entry: Entry) => boolean;

const ROOT_KEYS: Readonly<Record<string, (entry: Entry) => string>> = {
  kind: (entry) => entry.kind,
  ns: (entry) => parseEntryId(entry.id).ns,
  name: (entry) => parseEntryId(entry.id).name,
  id: (entry) => entry.id,
};

/** Searches with caches. */
export class Finder {
  readonly #queries: RecentTable<string, readonly Entry[]>;
  readonly #expressions: RecentTable<string, (text: string) => boolean>;
  readonly #current: () => RegistryState;
  #state: RegistryState | undefined;

  /** `current` is the state whose results are worth keeping. */
  constructor(current: () => RegistryState, options: FinderOptions = {}) {
    this.#current = current;
    this.#queries = new RecentTable(options.queriesMax ?? QUERIES_CACHED_DEFAULT);
    this.#expressions = new RecentTable(options.expressionsMax ?? EXPRESSIONS_CACHED_DEFAULT);
  }

  /** Entries of `state` that fit `filter`; fails with Invalid when a value has no meaning for its key. */
  find(state: RegistryState, filter: ValueMap, options: FindOptions): readonly Entry[] {
    if (state !== this.#current()) return this.#search(state, filter, options);
    if (this.#state !== state) {
      this.#queries.clear();
      this.#state = state;
    }
    const key = filterKey(filter);
    const known = this.#queries.get(key);
    if (known !== undefined) return known;
    const found = this.#search(state, filter, options);
    this.#queries.set(key, found);
    return found;
  }

  /** Results kept at the moment. */
  get cachedQueries(): number {
    return this.#queries.size;
  }

  /** Expressions kept at the moment. */
  get cachedExpressions(): number {
    return this.#expressions.size;
  }

  #search(state: RegistryState, filter: ValueMap, options: FindOptions): Entry[] {
    const conditions: Condition[] = [];
    for (const key of Object.keys(filter)) this.#addConditions(key, filter[key], conditions, options);
    const ns = exactNamespace(filter);
    const found: Entry[] = [];
    for (const entry of ns === undefined ? state.all() : state.namespace(ns)) {
      if (conditions.every((condition) => condition(entry))) found.push(entry);
    }
    return found;
  }

  #addConditions(key: string, value: Value, conditions: Condition[], options: FindOptions): void {
    const name = key.startsWith(".") ? key.slice(1) : key;
    const root = Object.hasOwn(ROOT_KEYS, name) ? ROOT_KEYS[name] : undefined;
    if (root !== undefined) {
      const matches = compileGlob(textOf(key, value));
      conditions.push((entry) => matches(root(entry)));
      return;
    }
    if (key === "meta" && isValueMap(value)) {
      for (const inner of Object.keys(value)) conditions.push(isEqual(inner, value[inner]));
      return;
    }
    const operator = /^[~*^$]/.test(key) ? key[0]! : "";
    const field = key.slice(operator.length);
    if (!field.startsWith("meta.")) {
      const message = "filter key is ignored: write meta.<key> for metadata, or .kind, .ns, .name, .id";
      options.warn?.(message, { key });
      return;
    }
    const condition = this.#metaCondition(operator, field.slice("meta.".length), key, value, options);
    if (condition !== undefined) conditions.push(condition);
  }

  #metaCondition(
    operator: string,
    name: string,
    key: string,
    value: Value,
    options: FindOptions,
  ): Condition | undefined {
    if (operator === "") return isEqual(name, value);
    const wanted = textOf(key, value);
    const onText = (test: (text: string) => boolean): Condition => (entry) => {
      const found = Object.hasOwn(entry.meta, name) ? entry.meta[name] : undefined;
      return typeof found === "string" && test(found);
    };
    switch (operator) {
      case "^":
        return onText((text) => text.startsWith(wanted));
      case "$":
        return onText((text) => text.endsWith(wanted));
      case "*":
        return (entry) =>
          containsText(Object.hasOwn(entry.meta, name) ? entry.meta[name] : undefined, wanted);
      default: {
        const test = this.#expression(wanted, key, options);
        return test === undefined ? undefined : onText(test);
      }
    }
  }

  #expression(pattern: string, key: string, options: FindOptions): ((text: string) => boolean) | undefined {
    const known = this.#expressions.get(pattern);
    if (known !== undefined) return known;
    try {
      const test = options.compile(pattern);
      this.#expressions.set(pattern, test);
      return test;
    } catch (error) {
      const fields = { key, pattern, error: asFailure(error).message };
      options.warn?.("filter key is ignored: malformed regular expression", fields);
      return undefined;
    }
  }
}

function textOf(key: string, value: Value): string {
  if (typeof value === "string") return value;
  throw new Failure("Invalid", `filter field "${key}" must be a string`, { retryable: false });
}

function isEqual(name: string, value: Value): Condition {
  return (entry) => Object.hasOwn(entry.meta, name) && valuesEqual(entry.meta[name], value);
}

function containsText(value: Value, part: string): boolean {
  if (typeof value === "string") return value.includes(part);
  return Array.isArray(value) && value.some((item) => typeof item === "string" && item.includes(part));
}

/** The namespace that a filter asks for, when it is a single one. */
function exactNamespace(filter: ValueMap): string | undefined {
  const ns = filter[".ns"] ?? filter["ns"];
  return typeof ns === "string" && !ns.includes("*") ? ns : undefined;
}

/** A text that is the same for filters that mean the same. */
function filterKey(filter: ValueMap): string {
  return JSON.stringify(filter, (_key, value) => {
    if (typeof value === "bigint") return { "": `bigint ${value}` };
    if (value instanceof Uint8Array) return { "": `bytes ${value.join(",")}` };
    if (!isValueMap(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1));
  });
}

/** A test of a whole text; `*` stands for any text, the empty one included. */
export function compileGlob(glob: string): (text: string) => boolean {
  const parts = glob.split("*");
  if (parts.length === 1) return (text) => text === glob;
  const first = parts[0]!;
  const last = parts.at(-1)!;
  const middle = parts.slice(1, -1);
  return (text) => {
    const end = text.length - last.length;
    if (end < first.length || !text.startsWith(first) || !text.endsWith(last)) return false;
    let at = first.length;
    for (const part of middle) {
      const found = text.indexOf(part, at);
      if (found < 0 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}
