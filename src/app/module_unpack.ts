/**
 * Modules written out as folders: a manifest, definition files, sources, files.
 *
 * MU1. What is read from the folder is what was read before: the same entries, the same hash. MU2. A folder is there whole or not at all.
 * MU3. Nothing is written outside of it, whatever a pack says.
 */
import { Failure, isValueMap, parseEntryId, treePath, type Value, type ValueMap } from "../core/mod.ts";
import type { FileSystem, Ports } from "../ports/mod.ts";
import {
  type Entry,
  FILE_SCHEME,
  isInside,
  type LoadedPart,
  MANIFEST_FILE,
  ModuleShelf,
  type PlacedEntry,
} from "../registry/mod.ts";
import { type Project, sourcesOf } from "./project.ts";

/** Folder, inside that of a module, with what its pack has embedded. */
const FILES_FOLDER = "files";
const SOURCE_FOLDER = "src";
const COPY_BYTES = 1024 * 1024;

/** Writes a module that is a pack, or that comes with the program, as a folder; false when it is neither. */
export async function unpackModule(
  project: Project,
  ports: Pick<Ports, "files" | "yaml">,
  name: string,
): Promise<boolean> {
  const { files } = ports;
  const sources = sourcesOf(project, ports);
  const target = files.resolve(project.modulesDirectory, "vendor", ...name.split("/"));
  const { version = "" } = project.lock.modules.find((locked) => locked.name === name) ?? {};
  const part = new ModuleShelf(sources, () => undefined).findPack(name, version.replace(/^v/, ""));
  if (part !== undefined) {
    await written(files, target, (folder) => writePacked(project, files, folder, part));
    return true;
  }
  const module = sources.bundled?.().find((item) => item.name === name);
  if (module === undefined) return false;
  const copy = (from: string, to: string): void => {
    files.makeDirectory(to, { recursive: true });
    for (const item of module.files.names(from)) {
      const [inner, outer] = [module.files.resolve(from, item.name), files.resolve(to, item.name)];
      if (item.isDirectory) copy(inner, outer);
      else files.writeFile(outer, module.files.readFile(inner));
    }
  };
  await written(files, target, (folder) => copy(module.folder, folder));
  return true;
}

/** Makes a folder by `write`, under its name once it is complete. */
async function written(
  files: Ports["files"],
  target: string,
  write: (folder: string) => void | Promise<void>,
): Promise<void> {
  const folder = `${target}.part`;
  if (files.stat(folder) !== undefined) files.remove(folder, { recursive: true });
  files.makeDirectory(folder, { recursive: true });
  try {
    await write(folder);
    if (files.stat(target) !== undefined) files.remove(target, { recursive: true });
    files.rename(folder, target);
  } catch (error) {
    files.remove(folder, { recursive: true });
    throw error;
  }
}

async function writePacked(
  project: Project,
  files: Ports["files"],
  folder: string,
  part: LoadedPart,
): Promise<void> {
  const { stringify } = await import("yaml");
  const print = (value: Value): string => stringify(value, { lineWidth: 0, blockQuote: "literal" });
  const [organization, module] = part.module.split("/");
  const save = (path: string, content: string | Uint8Array): void => {
    const full = placeIn(files, folder, path);
    files.makeDirectory(files.directory(full), { recursive: true });
    files.writeFile(full, content);
  };
  save(MANIFEST_FILE, print({ organization: organization!, module: module!, version: part.version }));
  const texts = new SourceTexts(save);
  const namespaces = Map.groupBy(part.placed, ({ entry }) => parseEntryId(entry.id).ns);
  for (const [namespace, items] of namespaces) {
    const entries = items.map((item) => {
      const { id, kind, meta, data } = unpackedEntry(
        item,
        project,
        part.module,
        texts,
        (path, source) => copyFolder(files, source, placeIn(files, folder, path)),
      );
      // Read again, an entry gets the name of its module from where it is.
      const { module: _module, ...own } = meta;
      return { name: parseEntryId(id).name, kind, ...(Object.keys(own).length > 0 && { meta: own }), data };
    });
    const file = namespaces.size === 1 ? "_index.yaml" : `${namespace}.yaml`;
    save(`${SOURCE_FOLDER}/${file}`, print({ version: "1.0", namespace, entries }));
  }
}

/** An entry that is in a pack as it is in a folder. */
function unpackedEntry(
  { entry, packed }: PlacedEntry,
  project: Project,
  module: string,
  texts: SourceTexts,
  copy: (path: string, source: FileSystem) => void,
): Entry {
  if (entry.kind.endsWith(".lua.bc")) {
    throw new Failure(
      "Invalid",
      `module ${module} can't be unpacked: ${entry.id} is compiled and has no source; leave it packed`,
      { retryable: false, details: { id: entry.id } },
    );
  }
  if (entry.kind === "fs.embed") {
    const source = project.packs.embedded(entry.id);
    if (source === undefined) {
      throw new Failure("NotFound", `${entry.id}: no pack holds its files`, { retryable: false });
    }
    const folder = unpackedFolder(entry.id);
    copy(folder.data["directory"] as string, source);
    return { ...entry, ...folder };
  }
  const { name } = parseEntryId(entry.id);
  const { source } = entry.data;
  const wanted = packed?.source?.isFile ? insideSource(packed.source.file) : undefined;
  const data = typeof source === "string" && /\.lua$/.test(entry.kind)
    ? { ...entry.data, source: texts.place(wanted ?? `${name}.lua`, source) }
    : entry.data;
  return { ...entry, data: withoutBytes(data, name, texts) as ValueMap };
}

/** What an entry with embedded files is in a folder; `entryForHash` knows it again. */
function unpackedFolder(id: string): Pick<Entry, "kind" | "data"> {
  return {
    kind: "fs.directory",
    data: { base: "module", directory: `${FILES_FOLDER}/${parseEntryId(id).name}` },
  };
}

/** An entry as its module's hash counts it: packed or unpacked, embedded files are the same entry. */
export function entryForHash(entry: Entry): Entry {
  if (entry.kind !== "fs.directory") return entry;
  const { data } = unpackedFolder(entry.id);
  const { base, directory, ...rest } = entry.data;
  const isUnpacked = base === data["base"] && directory === data["directory"] &&
    Object.keys(rest).length === 0;
  return isUnpacked ? { ...entry, kind: "fs.embed", data: {} } : entry;
}

/** Path of a source below the folder of sources, as the pack's author had it; undefined when it was elsewhere. */
function insideSource(shown: string): string | undefined {
  const match = /(?:^|\/)src\/((?:[\w-][\w.-]*\/)*[\w-][\w.-]*\.lua)$/.exec(shown);
  return match?.[1];
}

function withoutBytes(value: Value, name: string, texts: SourceTexts): Value {
  if (value instanceof Uint8Array) return texts.place(`${name}.bin`, value);
  if (Array.isArray(value)) return value.map((item) => withoutBytes(item, name, texts));
  if (!isValueMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, withoutBytes(item, name, texts)]),
  );
}

/** Contents written beside the definition files, each under a name of its own. */
class SourceTexts {
  readonly #save: (path: string, content: string | Uint8Array) => void;
  readonly #known = new Map<string, string | Uint8Array>();

  constructor(save: (path: string, content: string | Uint8Array) => void) {
    this.#save = save;
  }

  /** A reference to a file with this content, named `wanted` unless another content is. */
  place(wanted: string, content: string | Uint8Array): string {
    let path = wanted;
    for (let i = 2; this.#known.has(path) && this.#known.get(path) !== content; i++) {
      path = wanted.replace(/(\.\w+)?$/, `_${i}$1`);
    }
    if (!this.#known.has(path)) this.#save(`${SOURCE_FOLDER}/${path}`, content);
    this.#known.set(path, content);
    return FILE_SCHEME + path;
  }
}

/** Where `path` is below `folder`; fails with Invalid when it leads out of it, by whatever parts folders on this machine. */
function placeIn(files: Ports["files"], folder: string, path: string): string {
  const full = files.resolve(folder, ...treePath(path));
  if (isInside(files, folder, full)) return full;
  throw new Failure("Invalid", `${path} leads out of the folder of the module`, { retryable: false });
}

function copyFolder(files: Ports["files"], source: FileSystem, to: string): void {
  files.makeDirectory(to, { recursive: true });
  const buffer = new Uint8Array(COPY_BYTES);
  const visit = (folder: string): void => {
    for (const { isDirectory, name } of source.list(folder)) {
      const path = `${folder}/${name}`;
      const outer = placeIn(files, to, path);
      if (isDirectory) {
        files.makeDirectory(outer, { recursive: true });
        visit(path);
      } else copyFile(source, path, files, outer, buffer);
    }
  };
  visit("");
}

function copyFile(
  source: FileSystem,
  path: string,
  files: Ports["files"],
  outer: string,
  buffer: Uint8Array,
): void {
  const [from, to] = [source.open(path, "r"), files.open(outer, "w")];
  try {
    for (let count = from.read(buffer, null); count > 0; count = from.read(buffer, null)) {
      to.write(buffer.subarray(0, count), null);
    }
  } finally {
    from.close();
    to.close();
  }
}
