/**
 * What a pack says: entries by module, facts about itself, configuration it brings.
 *
 * An entry is a list: id, kind, meta, data, file and line of its definition, and file and line of its source.
 */
import { isValueMap, type Value, type ValueMap } from "../core/mod.ts";
import type { Entry, PackedModule, PackedPlace, PlacedEntry } from "../registry/mod.ts";
import { damaged } from "./format.ts";
import type { PackFile } from "./pack_file.ts";

/** What a pack tells about itself. */
export interface PackFacts {
  /** Version of the program that made it. */
  readonly program: string;
  /** `org/module` of its manifest, `""` without one. */
  readonly module: string;
  readonly version: string;
  readonly description: string;
  readonly tags: readonly string[];
  /** Whatever was asked to be recorded. */
  readonly meta: Readonly<Record<string, string>>;
}

/** An entry with its places in the files it was made of. */
export interface SnapshotEntry extends PackedPlace {
  readonly entry: Entry;
}

/** The entries of one module; `""` is the application itself. */
export interface SnapshotPart {
  readonly module: string;
  readonly version: string;
  readonly entries: readonly SnapshotEntry[];
}

const NOTHING_INLINED: ReadonlyMap<string, string> = new Map();

/** The parts as a value. */
export function partsValue(parts: readonly SnapshotPart[]): Value {
  return parts.map(({ module, version, entries }) => [module, version, entries.map(entryValue)]);
}

function entryValue({ entry: { id, kind, meta, data }, origin, source }: SnapshotEntry): Value {
  return [
    id,
    kind,
    meta,
    data,
    origin === undefined ? null : [origin.file, origin.line],
    source === undefined ? null : [source.file, source.line, source.isFile],
  ];
}

/** The parts of a pack by module. `shownIn` stands before the files of a pack that is one part of something larger. */
export function decodeParts(pack: PackFile, value: Value, shownIn = ""): Map<string, PackedModule> {
  const result = new Map<string, PackedModule>();
  for (const part of listOf(pack, value)) {
    const [module, version, entries] = listOf(pack, part);
    if (typeof module !== "string" || typeof version !== "string") throw wrong(pack);
    const placed = listOf(pack, entries).map((item) => decodeEntry(pack, item, shownIn));
    result.set(module, { name: module, version, placed });
  }
  if (!result.has("")) throw wrong(pack);
  return result;
}

function decodeEntry(pack: PackFile, value: Value, shownIn: string): PlacedEntry {
  const [id, kind, meta, data, origin, source] = listOf(pack, value);
  if (typeof id !== "string" || typeof kind !== "string" || !isValueMap(meta) || !isValueMap(data)) {
    throw wrong(pack);
  }
  const [file, line] = Array.isArray(origin) ? origin : [];
  const [sourceFile, sourceLine, isFile] = Array.isArray(source) ? source : [];
  return {
    entry: { id, kind, meta, data },
    file: pack.name,
    path: [],
    inlined: NOTHING_INLINED,
    packed: {
      ...(typeof file === "string" ? { origin: { file: shownIn + file, line: Number(line) } } : {}),
      ...(typeof sourceFile === "string"
        ? { source: { file: shownIn + sourceFile, line: Number(sourceLine), isFile: isFile === true } }
        : {}),
    },
  };
}

function listOf(pack: PackFile, value: Value): Value[] {
  if (!Array.isArray(value)) throw wrong(pack);
  return value;
}

function wrong(pack: PackFile) {
  return damaged(pack.name, "its entries");
}

/** Facts as a value. */
export function factsValue({ program, module, version, description, tags, meta }: PackFacts): ValueMap {
  return { program, module, version, description, tags: [...tags], meta: { ...meta } };
}

/** Facts of an index. */
export function decodeFacts(value: Value): PackFacts {
  const facts: ValueMap = isValueMap(value) ? value : {};
  const text = (key: string): string => typeof facts[key] === "string" ? facts[key] : "";
  const { tags, meta } = facts;
  return {
    program: text("program"),
    module: text("module"),
    version: text("version"),
    description: text("description"),
    tags: Array.isArray(tags) ? tags.map(String) : [],
    meta: isValueMap(meta)
      ? Object.fromEntries(Object.entries(meta).map(([key, item]) => [key, String(item)]))
      : {},
  };
}
