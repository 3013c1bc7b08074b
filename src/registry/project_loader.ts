/**
 * All entries of a project: its own, then those of replacement directories, then those of installed modules; or those of a pack.
 *
 * PL1. A replaced module's installed copy is not read. A module of the lock file that is not installed is NotFound.
 * PL2. An id may be defined once; a second definition is Invalid and names both places.
 * PL3. Stages run in order: `edit` (override and disable), module resolution, link. None of them changes an entry in place.
 * PL4. Time is linear in the size of the files. Lines are looked up only when a message needs one.
 */
import { Failure } from "../core/mod.ts";
import type { PlacedEntry } from "./definition_folder.ts";
import { decodeText } from "./definition_folder.ts";
import type { Entry, EntryOrigin } from "./entry.ts";
import type { ModuleGraph } from "./history.ts";
import { DEPENDENCY_KIND, isRootDependency, linkEntries } from "./link.ts";
import { resolveModules } from "./module_resolution.ts";
import {
  catalogOf,
  declarationOf,
  type LoadedPart,
  ModuleShelf,
  type ProjectSources,
} from "./module_shelf.ts";
import type { LoadedEntries } from "./registry_options.ts";

/** How a project is loaded. */
export interface LoadOptions extends ProjectSources {
  /** Modules to read though nothing depends on them. */
  readonly mounted?: readonly string[];
  /** The stages before linking: override and disable. */
  readonly edit?: (loaded: LoadedEntries) => LoadedEntries;
  /** Told of the entries before they are linked. */
  readonly edited?: (entries: readonly Entry[]) => void;
  /** Fail on unresolved requirements; they are warnings otherwise. */
  readonly strict?: boolean;
  readonly warn?: (message: string) => void;
  /** Told of a module that is missing, for those who can do with the rest; without it such a project can't be loaded. */
  readonly missing?: (failure: Failure) => void;
}

/** Reads a project. Fails with Invalid, NotFound or Conflict; the message says where and what to do. */
export function loadEntries(options: LoadOptions): LoadedEntries {
  const warn = options.warn ?? (() => {});
  const shelf = new ModuleShelf(options, warn);
  const parts = readParts(options, shelf);
  const read = merge(options, shelf, [...parts.values()]);
  const edited = options.edit?.(read) ?? read;
  options.edited?.(edited.entries);
  const graph = tolerant(
    options,
    () => placed(edited, () => graphOf(edited.entries, (module) => parts.get(module))),
  );
  const entries = linkEntries(edited.entries, { strict: options.strict, warn });
  const proven = new Set(
    [...parts.values()].filter(({ origin }) => origin === "bundled").map(({ module }) => module),
  );
  return {
    entries,
    origin: edited.origin,
    place: edited.place,
    source: edited.source,
    part: edited.part,
    proven,
    ...(graph === undefined ? {} : { graph }),
  };
}

/** What `make` gives; undefined when a module is missing and that may be. */
function tolerant<T>({ missing }: LoadOptions, make: () => T): T | undefined {
  if (missing === undefined) return make();
  try {
    return make();
  } catch (error) {
    if (!(error instanceof Failure) || error.kind !== "NotFound" && error.kind !== "Conflict") throw error;
    missing(error);
    return undefined;
  }
}

/** What `work` gives; a failure that is about one of the entries begins with its place. */
function placed<T>({ origin }: LoadedEntries, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Failure) || typeof error.details?.["id"] !== "string") throw error;
    const place = origin?.(error.details["id"]);
    if (place === undefined) throw error;
    throw new Failure(error.kind, `${printOrigin(place)}: ${error.message}`, {
      retryable: error.retryable,
      details: { ...error.details, ...place },
      cause: error,
    });
  }
}

/** The modules in use by `entries`; fails when a declared one is missing or does not fit. */
export function graphOf(
  entries: Iterable<Entry>,
  find: (module: string) => LoadedPart | undefined,
): ModuleGraph {
  const declared: Entry[] = [];
  for (const entry of entries) if (entry.kind === DEPENDENCY_KIND) declared.push(entry);
  if (declared.length === 0) return { modules: [] };
  const roots = declared.filter(isRootDependency).map(declarationOf);
  return resolveModules(roots, catalogOf(find, declared));
}

/** The project and its modules in load order. */
function readParts(options: LoadOptions, shelf: ModuleShelf): Map<string, LoadedPart> {
  const parts = new Map([["", shelf.source()]]);
  for (const module of [...shelf.replaced.keys(), ...options.packed?.keys() ?? []]) {
    if (!parts.has(module)) parts.set(module, shelf.find(module)!);
  }
  for (const { name, version } of options.lock?.modules ?? []) {
    if (parts.has(name)) continue;
    const part = tolerant(options, () => shelf.require(name, version));
    if (part !== undefined) parts.set(name, part);
  }
  for (const name of options.mounted ?? []) {
    if (!parts.has(name)) parts.set(name, shelf.require(name, ""));
  }
  // A Map's iterator also visits what is added on the way: modules of modules are found too.
  for (const part of parts.values()) {
    for (const { entry } of part.placed) {
      const component = entry.data["component"];
      if (entry.kind !== DEPENDENCY_KIND || typeof component !== "string" || parts.has(component)) continue;
      const found = shelf.find(component);
      if (found !== undefined) parts.set(component, found);
    }
  }
  return parts;
}

/** The entries of all parts, ids checked. */
function merge(options: LoadOptions, shelf: ModuleShelf, parts: readonly LoadedPart[]): LoadedEntries {
  const places = new Map<string, { part: LoadedPart; item: PlacedEntry }>();
  const originOf = (part: LoadedPart, item: PlacedEntry): EntryOrigin => {
    if (item.packed !== undefined) return item.packed.origin ?? { file: item.file, line: 1 };
    const file = shelf.shown(part.files, item.file);
    return { file, line: lineOf(options, part, item) };
  };
  const entries: Entry[] = [];
  for (const part of parts) {
    for (const item of part.placed) {
      const { id } = item.entry;
      const first = places.get(id);
      if (first !== undefined) {
        const here = printOrigin(originOf(part, item));
        const before = printOrigin(originOf(first.part, first.item));
        const message = `${here}: ${id} is defined already at ${before}; rename one`;
        throw new Failure("Invalid", message, { retryable: false, details: { id } });
      }
      places.set(id, { part, item });
      entries.push(item.entry);
    }
  }
  return {
    entries,
    origin: (id) => {
      const place = places.get(id);
      return place === undefined ? undefined : originOf(place.part, place.item);
    },
    place: (id) => {
      const place = places.get(id);
      if (place === undefined || place.item.packed !== undefined) return undefined;
      const { file, path, inlined } = place.item;
      return { file, path, inlined, shown: (other) => shelf.shown(place.part.files, other) };
    },
    part: (id) => places.get(id)?.part.module,
    source: (id) => places.get(id)?.item.packed?.source,
  };
}

/** Line of an entry. The file may have changed or gone since it was read: a message must not fail over that. */
function lineOf(options: LoadOptions, part: LoadedPart, item: PlacedEntry): number {
  try {
    const text = decodeText(part.files.readFile(item.file));
    return text === undefined ? 1 : options.yaml.lineOf(text, item.path);
  } catch (error) {
    if (error instanceof Failure) return 1;
    throw error;
  }
}

/** Text of a place: `file:line`. */
export function printOrigin({ file, line }: EntryOrigin): string {
  return `${file}:${line}`;
}
