/**
 * Definition files of one folder, read recursively.
 *
 * FO1. Files are read in order of their path, so that the same folder gives the same list everywhere. Hidden folders, other projects'
 *      package folders and excluded paths are passed over; a folder reached again through a link is read once.
 * FO2. A file reference is resolved beside its definition file and may not leave the tree it belongs to, links followed.
 */
import { Failure, type Value } from "../core/mod.ts";
import type { Files, YamlReader } from "../ports/mod.ts";
import { FILE_SCHEME, type InlineSite, readDefinitions } from "./definition_file.ts";
import type { Entry, EntryOrigin, SourcePlace } from "./entry.ts";
import type { PathTest } from "./path_glob.ts";

/** What of a file system is needed to read definitions. */
export type DefinitionFiles = Pick<
  Files,
  "readFile" | "names" | "stat" | "realPath" | "resolve" | "directory"
>;

/** A folder to read. */
export interface DefinitionFolder {
  readonly files: DefinitionFiles;
  readonly yaml: YamlReader;
  /** Folder with definition files; absolute. */
  readonly folder: string;
  /** What file references may not leave; contains `folder`. */
  readonly tree: string;
  /** Paths relative to `tree` that are passed over. */
  readonly excluded?: PathTest;
  /** Folders that are passed over; absolute. */
  readonly skipped?: ReadonlySet<string>;
  /** Whether files that entries refer to are read when their fields are looked at, and mistakes told then. */
  readonly isDeferred?: boolean;
  /** A path as messages show it. */
  readonly shown: (path: string) => string;
  /** Told of what is odd but no mistake. */
  readonly warn: (message: string) => void;
}

/** An entry with its place. */
export interface PlacedEntry {
  readonly entry: Entry;
  /** Absolute path of the definition file. */
  readonly file: string;
  readonly path: readonly (string | number)[];
  /** Absolute paths of the files that were put into it, by field. */
  readonly inlined: ReadonlyMap<string, string>;
  /** Known for entries from packs, which stand in no file. */
  readonly packed?: PackedPlace;
}

/** Where an entry of a pack stood when the pack was made. */
export interface PackedPlace {
  readonly origin?: EntryOrigin;
  readonly source?: SourcePlace;
}

const NOTHING_INLINED: ReadonlyMap<string, string> = new Map();

/** Folders never looked into. */
const FOREIGN_FOLDERS = new Set(["node_modules"]);
const YAML_EXTENSIONS = [".yaml", ".yml"];
/** Configuration that may lie beside definition files. */
const OTHER_FILES = new Set(["wippy.yaml", "wippy.yml"]);

/** What reading one folder has found out about files that are put into entries. */
interface Inlined {
  readonly values: Map<string, Value>;
  /** The tree without links. */
  realTree?: string;
}

/** Reads every definition file below `source.folder`. */
export function readDefinitionFolder(source: DefinitionFolder): PlacedEntry[] {
  const found: PlacedEntry[] = [];
  const inlined: Inlined = { values: new Map() };
  for (const file of definitionFiles(source)) found.push(...readOne(source, file, inlined) ?? []);
  return found;
}

/** Reads one file; undefined when it defines no entries. */
export function readDefinitionFile(source: DefinitionFolder, file: string): PlacedEntry[] | undefined {
  return readOne(source, file, { values: new Map() });
}

function readOne(
  source: DefinitionFolder,
  file: string,
  inlined: Inlined,
): PlacedEntry[] | undefined {
  const text = decodeText(source.files.readFile(file));
  if (text === undefined) {
    throw new Failure("Invalid", `${source.shown(file)}: is not UTF-8 text`, { retryable: false });
  }
  const paths = new Map<string, Map<string, string>>();
  const found = readDefinitions(text, {
    file: source.shown(file),
    yaml: source.yaml,
    isDeferred: source.isDeferred,
    inline(reference: string, site: InlineSite) {
      const { value, path } = inlineFile(source, file, reference, site, inlined);
      const fields = paths.get(site.id) ?? new Map<string, string>();
      paths.set(site.id, fields.set(site.field, path));
      return value;
    },
  });
  return found?.map((item) => {
    // Filled later, when files are read later.
    if (source.isDeferred === true) paths.set(item.entry.id, new Map());
    return { ...item, file, inlined: paths.get(item.entry.id) ?? NOTHING_INLINED };
  });
}

/** No pattern, as `withoutRoot` has none. */
function isYaml(name: string): boolean {
  const lower = name.toLowerCase();
  return YAML_EXTENSIONS.some((extension) => lower.endsWith(extension));
}

/** Paths of all YAML files of a folder, sorted. */
function definitionFiles(source: DefinitionFolder): string[] {
  const { files } = source;
  const result: string[] = [];
  const seen = new Set<string>();
  const visit = (folder: string): void => {
    const real = files.realPath(folder) ?? folder;
    if (seen.has(real) || source.skipped?.has(real) || source.skipped?.has(folder)) return;
    seen.add(real);
    // What stands before each name, found once.
    const inFolder = files.resolve(folder, "_").slice(0, -1);
    for (const item of files.names(folder)) {
      if (item.name.startsWith(".")) continue;
      const path = inFolder + item.name;
      if (source.excluded?.(relativePath(files, source.tree, path))) continue;
      if (item.isDirectory) {
        if (!FOREIGN_FOLDERS.has(item.name)) visit(path);
      } else if (isYaml(item.name) && !OTHER_FILES.has(item.name)) result.push(path);
    }
  };
  visit(source.folder);
  return result;
}

/** `path` as seen from `folder`, which contains it; with `/` between segments. */
export function relativePath(files: DefinitionFiles, folder: string, path: string): string {
  const base = files.resolve(folder);
  return plainPath(path.startsWith(base) ? path.slice(base.length) : path);
}

/** With `/` between segments and none before the first. */
export function plainPath(path: string): string {
  return withoutRoot(path.includes("\\") ? path.replaceAll("\\", "/") : path);
}

/** Without `/` before the first segment. No pattern: the first use of one takes longer than all that a short program does here. */
function withoutRoot(path: string): string {
  let start = 0;
  while (path[start] === "/") start++;
  return path.slice(start);
}

function inlineFile(
  source: DefinitionFolder,
  definition: string,
  reference: string,
  site: InlineSite,
  inlined: Inlined,
): { value: Value; path: string } {
  const { files } = source;
  const beside = files.resolve(files.directory(definition), withoutRoot(reference));
  let path = beside;
  if (site.kind === "ns.definition" && files.stat(path) === undefined) {
    // A module's readme commonly lies beside its manifest, and is worth a warning when it is missing, not a failed boot.
    path = files.resolve(source.tree, reference);
    if (files.stat(path) === undefined) {
      source.warn(
        `${source.shown(definition)}: ${site.id}: ${site.field}: file not found: ${source.shown(beside)}`,
      );
      return { value: FILE_SCHEME + reference, path };
    }
  }
  const cached = inlined.values.get(path);
  if (cached !== undefined) return { value: cached, path };
  const facts = files.stat(path);
  const inTree = isInside(files, source.tree, path);
  if (
    !inTree ||
    (facts !== undefined &&
      !isInside(files, inlined.realTree ??= real(files, source.tree), real(files, path)))
  ) {
    const root = source.shown(source.tree);
    const place = root === "." ? "the project's folder" : root;
    throw new Failure("Invalid", `${FILE_SCHEME}${reference} leaves ${place}; move the file inside`, {
      retryable: false,
    });
  }
  if (facts === undefined) {
    throw new Failure("Invalid", `file not found: ${source.shown(path)}`, { retryable: false });
  }
  if (facts.isDirectory) {
    throw new Failure("Invalid", `${source.shown(path)} is a directory, a file is needed`, {
      retryable: false,
    });
  }
  const bytes = files.readFile(path);
  const value = decodeText(bytes) ?? bytes;
  inlined.values.set(path, value);
  return { value, path };
}

function real(files: DefinitionFiles, path: string): string {
  return files.realPath(path) ?? path;
}

/** Whether `path` is `folder` or below it. */
export function isInside(files: DefinitionFiles, folder: string, path: string): boolean {
  const base = files.resolve(folder);
  const given = files.resolve(path);
  if (given === base) return true;
  const separator = base.includes("\\") && !base.includes("/") ? "\\" : "/";
  return given.startsWith(base.endsWith(separator) ? base : base + separator);
}

/** UTF-8 text without its byte order mark; undefined when the bytes are something else. */
export function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
