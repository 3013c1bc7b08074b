/**
 * Which definition handles which kind, who watches, and which ids an entry needs.
 *
 * KT1. A kind is found by its exact name first, then by the longest pattern that fits. KT2. Patterns: `http.*` is one more
 * segment, `function.**` one or more. KT3. Observers can't reject: what they throw is for the caller to log.
 * KT4. A kind given as a source is read once, by `load`; only its name, aliases and owner are known before.
 */
import {
  Failure,
  isValueMap,
  nearestName,
  parseEntryId,
  resolveEntryId,
  type Value,
  type ValueMap,
} from "../core/mod.ts";
import type { ReferencesOf } from "./dependency_order.ts";
import type { Entry } from "./entry.ts";
import type { KindDefinition, KindSource } from "./kind.ts";
import { placeholderNames } from "./placeholder.ts";

/** Watches entries of some kinds, after they were accepted. */
export interface EntryObserver {
  added?(entry: Entry): void;
  updated?(entry: Entry, previous: Entry): void;
  removed?(entry: Entry): void;
}

/** Is told where change sets begin and how they end. A `begin` that throws rejects the change set. */
export interface TransactionListener {
  begin?(): void;
  commit?(): void;
  discard?(): void;
}

/** True when `kind` fits `pattern`. */
export function kindMatches(pattern: string, kind: string): boolean {
  if (pattern === kind || pattern === "*" || pattern === "**") return true;
  if (pattern.endsWith(".**")) {
    const prefix = pattern.slice(0, -2);
    return kind.startsWith(prefix) && kind.length > prefix.length;
  }
  if (!pattern.endsWith(".*")) return false;
  const prefix = pattern.slice(0, -1);
  return kind.startsWith(prefix) && kind.length > prefix.length && !kind.includes(".", prefix.length);
}

/** What an entry refers to: full ids, and names of environment variables. */
interface Mentions {
  readonly ids: readonly string[];
  readonly names: readonly string[];
}

const NOTHING: Mentions = { ids: [], names: [] };

/** All kinds of an application. */
export class KindTable {
  readonly #exact = new Map<string, KindDefinition | KindSource>();
  readonly #patterns: KindDefinition[] = [];
  readonly #observers: { pattern: string; observer: EntryObserver }[] = [];
  readonly #listeners = new Set<TransactionListener>();
  readonly #mentions = new WeakMap<Entry, Mentions>();

  constructor(kinds: Iterable<KindDefinition | KindSource> = []) {
    for (const kind of kinds) this.add(kind);
  }

  /** Adds a kind; the name of a definition may be a pattern. Fails with AlreadyExists on a name that is taken. */
  add(kind: KindDefinition | KindSource): void {
    const { name } = kind;
    if (name.includes("*") && !isSource(kind)) {
      this.#patterns.push(kind);
      this.#patterns.sort((a, b) => b.name.length - a.name.length);
      return;
    }
    if (this.#exact.has(name)) throw new Failure("AlreadyExists", `kind ${name} is defined twice`);
    this.#exact.set(name, kind);
  }

  /** Reads the kinds of `entries`, which must come before those are looked at; undefined when there is nothing to read. */
  load(entries: Iterable<Pick<Entry, "kind">>): Promise<void> | undefined {
    const missing = new Set<KindSource>();
    for (const { kind } of entries) {
      const known = this.#exact.get(kind);
      if (known !== undefined && isSource(known)) missing.add(known);
    }
    if (missing.size === 0) return undefined;
    return Promise.all([...missing].map(async (source) => {
      const definition = await source.load();
      // Whoever asks at the same time gets the same one: what is live is compared with it.
      if (this.#exact.get(source.name) === source) this.#exact.set(source.name, definition);
    })).then(() => undefined);
  }

  /** Names and patterns of all definitions. */
  names(): string[] {
    return [...this.#exact.keys(), ...this.#patterns.map((definition) => definition.name)];
  }

  /** The definition of `kind`, which must have been read. */
  find(kind: string): KindDefinition | undefined {
    const known = this.#known(kind);
    if (known !== undefined && isSource(known)) throw new Error(`kind ${kind} is used before it was loaded`);
    return known;
  }

  #known(kind: string): KindDefinition | KindSource | undefined {
    return this.#exact.get(kind) ?? this.#patterns.find((definition) => kindMatches(definition.name, kind));
  }

  /** The definition of `kind`; fails with Invalid and a suggestion when there is none. */
  require(kind: string): KindDefinition {
    const definition = this.find(kind);
    if (definition !== undefined) return definition;
    const near = nearestName(kind, this.names());
    const hint = near === undefined ? "" : `; did you mean "${near}"?`;
    throw new Failure("Invalid", `unknown kind "${kind}"${hint}`, { retryable: false, details: { kind } });
  }

  /** Watches entries whose kind fits `pattern`; returns a function that stops it. */
  observe(pattern: string, observer: EntryObserver): () => void {
    const item = { pattern, observer };
    this.#observers.push(item);
    return () => {
      const at = this.#observers.indexOf(item);
      if (at >= 0) this.#observers.splice(at, 1);
    };
  }

  observers(kind: string): EntryObserver[] {
    if (this.#observers.length === 0) return [];
    return this.#observers.filter((item) => kindMatches(item.pattern, kind)).map((item) => item.observer);
  }

  /** Listens to transactions; returns a function that stops it. */
  listen(listener: TransactionListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get listeners(): readonly TransactionListener[] {
    return [...this.#listeners];
  }

  /** Who needs whom among `entries`: references of fields, registered paths, `lifecycle` and placeholders. */
  referencesAmong(entries: Iterable<Entry>): ReferencesOf {
    const variables = this.variablesAmong(entries);
    return (entry) => {
      const { ids, names } = this.#mentioned(entry);
      return names.length === 0 ? ids : [...ids, ...variables(entry)];
    };
  }

  /** Id of the entry that this one is a part of; undefined for most. */
  ownerOf(entry: Entry): string | undefined {
    const field = this.#known(entry.kind)?.partOf;
    const owner = field === undefined ? undefined : entry.data[field];
    return typeof owner === "string" && owner !== ""
      ? resolveEntryId(owner, parseEntryId(entry.id).ns)
      : undefined;
  }

  /** The variables among `entries` that an entry's placeholders name. */
  variablesAmong(entries: Iterable<Entry>): ReferencesOf {
    let aliases: Map<string, string> | undefined;
    const aliasOf = (name: string): string | undefined => {
      if (aliases === undefined) {
        aliases = new Map();
        for (const entry of entries) {
          for (const field of this.#known(entry.kind)?.aliases ?? []) {
            const alias = entry.data[field];
            if (typeof alias === "string" && alias !== "") aliases.set(alias, entry.id);
          }
        }
      }
      return aliases.get(name);
    };
    const idOf = (name: string): string | undefined => name.includes(":") ? name : aliasOf(name);
    return (entry) => this.#mentioned(entry).names.map(idOf).filter((id) => id !== undefined);
  }

  #mentioned(entry: Entry): Mentions {
    let mentions = this.#mentions.get(entry);
    if (mentions === undefined) {
      mentions = this.#collect(entry);
      this.#mentions.set(entry, mentions);
    }
    return mentions;
  }

  #collect(entry: Entry): Mentions {
    const definition = this.find(entry.kind);
    if (definition === undefined || definition.internal === true) return NOTHING;
    const { ns } = parseEntryId(entry.id);
    const ids: string[] = [];
    definition.config.references?.(entry.data, ns, ids);
    for (const path of definition.references ?? []) collectPath(entry, path, ns, ids);
    const lifecycle = entry.data["lifecycle"];
    if (isValueMap(lifecycle)) {
      for (const key of ["requires", "depends_on"]) collectIds(lifecycle[key], ns, ids);
    }
    const names = placeholderNames(entry.data, definition.verbatim);
    return { ids: [...new Set(ids)], names };
  }
}

function isSource(kind: KindDefinition | KindSource): kind is KindSource {
  return "load" in kind;
}

/** Adds the references at `path`; a first segment `meta` means the metadata, anything else the data. */
function collectPath(entry: Entry, path: string, ns: string, found: string[]): void {
  const segments = path.split(".");
  let values: Value[] = [entry.data];
  if (segments[0] === "meta") {
    values = [entry.meta];
    segments.shift();
  } else if (segments[0] === "data") segments.shift();
  for (const segment of segments) {
    const inner: Value[] = [];
    for (const value of values) inner.push(...step(value, segment));
    values = inner;
  }
  for (const value of values) collectIds(value, ns, found);
}

function step(value: Value, segment: string): Value[] {
  if (segment === "*") return Array.isArray(value) ? value : isValueMap(value) ? Object.values(value) : [];
  if (isValueMap(value)) return Object.hasOwn(value, segment) ? [(value as ValueMap)[segment]] : [];
  return [];
}

/** A text, or a list of texts. An empty namespace (`:time`) names a built-in module, not an entry. */
function collectIds(value: Value, ns: string, found: string[]): void {
  if (Array.isArray(value)) {
    for (const item of value) collectIds(item, ns, found);
  } else if (typeof value === "string" && value !== "" && !value.startsWith(":") && !value.includes("${")) {
    found.push(resolveEntryId(value, ns));
  }
}
