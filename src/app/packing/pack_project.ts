/**
 * Packs a project: its entries through the stages, then into a file.
 *
 * PP1. Stages run in order: override, disable, link, bytecode, embed; where the pack runs, override and disable are applied to its entries
 *      again, and they are linked again. So the entries are stored as they are before linking.
 * PP2. What a stage needs of an entry, the directory to embed for one, it sees with all requirements filled in.
 */
import { Failure } from "../../core/mod.ts";
import type { Log, Ports } from "../../ports/mod.ts";
import {
  type PackedFolder,
  partPath,
  type SnapshotEntry,
  type SnapshotPart,
  writePack,
} from "../../pack/mod.ts";
import {
  type Entry,
  type LoadedEntries,
  moduleOf,
  readManifest,
  type SourcePlace,
} from "../../registry/mod.ts";
import { loadProject, type Project } from "../project.ts";
import { compileEntries } from "./bytecode.ts";
import { embedEntries, FOLDER_KIND, type FolderEntry, measure, openFolder } from "./embed.ts";
import { type PackManifest, readPackManifest } from "./manifest.ts";
import { demandMatches, fitsEntry, fitsNamespace, type PatternList } from "./patterns.ts";
import { runtimeDefaults } from "./runtime_defaults.ts";

/** How entries are chosen. */
export interface PackChoice {
  /** Folders to embed; what the manifest says when absent. */
  readonly embed?: readonly string[];
  readonly embedAll?: boolean;
  readonly excludeNamespaces?: readonly string[];
  readonly exclude?: readonly string[];
  readonly bytecode?: readonly string[];
}

/** What is packed and how. */
export interface PackRequest extends PackChoice {
  readonly project: Project;
  readonly ports: Ports;
  readonly log: Log;
  /** Where the pack is written, absolute. */
  readonly path: string;
  /** Version of this program. */
  readonly program: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly meta?: Readonly<Record<string, string>>;
}

/** A folder that can be embedded, and what that takes, or why it can't be. */
export interface ListedFolder extends FolderEntry {
  readonly files?: number;
  readonly size?: number;
  readonly problem?: string;
}

/** What was packed. */
export interface PackReport {
  readonly size: number;
  readonly entries: number;
  readonly modules: number;
  /** How many entries became compiled code. */
  readonly compiled: number;
  readonly folders: readonly PackedFolder[];
  readonly warnings: readonly string[];
}

/** The entries that go into a pack. */
interface Chosen {
  readonly loaded: LoadedEntries;
  /** As they are stored: not linked. */
  readonly entries: readonly Entry[];
  readonly linked: (id: string) => Entry;
  readonly manifest: PackManifest;
  readonly isEmbedded: (id: string) => boolean;
  readonly warnings: string[];
}

/** Packs; fails before anything is written when something is wrong with what is packed. */
export async function packWhole(request: PackRequest): Promise<PackReport> {
  const { log, path, ports, project } = request;
  const chosen = choose(project, ports, request);
  const { loaded, manifest, warnings } = chosen;
  const runtime = runtimeDefaults(manifest, ports, project.root);
  const { name, version } = readManifest(ports.files, ports.yaml, project.root, "wippy.yaml");
  const patterns = { origin: "--bytecode", patterns: request.bytecode ?? [] };
  const places = sourcePlaces(loaded, ports);
  const code = await compileEntries({
    entries: chosen.entries,
    patterns,
    packs: project.packs,
    ports,
    log,
    typeSystem: project.configuration.settings.lua.type_system,
    sourceOf: places,
  });
  demandMatches(patterns, chosen.entries.filter(isLua).map(({ id }) => id), fitsEntry, "Lua entry");
  const embedded = embedEntries({
    project,
    ports,
    entries: code.entries,
    linked: chosen.linked,
    isChosen: chosen.isEmbedded,
    skipped: new Set([path, partPath(path)].map((each) => realPlace(ports, each))),
    warn: (message) => warnings.push(message),
  });
  const parts = partsOf(embedded.entries, loaded, { version, root: project.root }, places);
  const facts = {
    program: request.program,
    module: name,
    version,
    description: request.description ?? manifest.description,
    tags: request.tags ?? [],
    meta: request.meta ?? {},
  };
  const { chunks, compiled } = code;
  const { size, folders } = await writePack(ports, {
    path,
    facts,
    runtime,
    parts,
    chunks,
    folders: embedded.folders,
  });
  const entries = embedded.entries.length;
  return { size, entries, modules: parts.length - 1, compiled, folders, warnings };
}

/** The folders of a project, and what embedding them would take. */
export function foldersOf(
  project: Project,
  ports: Ports,
  choice: PackChoice,
): { folders: ListedFolder[]; warnings: string[] } {
  const { entries, isEmbedded, linked, warnings } = choose(project, ports, choice);
  const folders = entries.filter(({ kind }) => kind === FOLDER_KIND).map(({ id }) => {
    const entry = linked(id);
    const folder = { id, directory: String(entry.data["directory"]), isChosen: isEmbedded(id) };
    try {
      const warn = (message: string) => warnings.push(message);
      return { ...folder, ...measure(openFolder(entry, { project, ports, skipped: new Set(), warn })) };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      return { ...folder, problem: error.message };
    }
  });
  return { folders, warnings };
}

function choose(project: Project, ports: Ports, choice: PackChoice): Chosen {
  let edited: readonly Entry[] = [];
  const { loaded, warnings } = loadProject(project, ports, { edited: (entries) => edited = entries });
  const byId = new Map(loaded.entries.map((entry) => [entry.id, entry]));
  const namespaces = { origin: "--exclude-ns", patterns: choice.excludeNamespaces ?? [] };
  const names = { origin: "--exclude", patterns: choice.exclude ?? [] };
  const ids = edited.map(({ id }) => id);
  demandMatches(namespaces, ids, fitsNamespace, "namespace");
  demandMatches(names, ids, fitsEntry, "entry");
  const entries = edited.filter(({ id }) => !fitsNamespace(id, namespaces) && !fitsEntry(id, names));
  const manifest = readPackManifest(ports, project.root);
  const embed: PatternList = choice.embed === undefined
    ? { origin: "wippy.yaml: embed", patterns: manifest.embed }
    : { origin: "--embed", patterns: choice.embed };
  const folders = entries.filter(({ kind }) => kind === FOLDER_KIND).map(({ id }) => id);
  if (!choice.embedAll) demandMatches(embed, folders, fitsEntry, "fs.directory entry");
  return {
    loaded,
    entries,
    linked: (id) => byId.get(id)!,
    manifest,
    isEmbedded: (id) => choice.embedAll === true || fitsEntry(id, embed),
    warnings,
  };
}

function isLua({ kind }: Entry): boolean {
  return /^(function|process|workflow|library|module)\.lua(\.bc)?$/.test(kind);
}

/** Where sources stand, as messages show it. */
function sourcePlaces({ place, source }: LoadedEntries, { files, yaml }: Pick<Ports, "files" | "yaml">) {
  return (id: string): SourcePlace | undefined => {
    const at = place?.(id);
    if (at === undefined) return source?.(id);
    const file = at.inlined.get("source");
    if (file !== undefined) return { file: at.shown(file), line: 1, isFile: true };
    if (files.stat(at.file) === undefined) return undefined;
    const text = files.readText(at.file);
    return { file: at.shown(at.file), line: yaml.lineOf(text, [...at.path, "source"]), isFile: false };
  };
}

/** Entries by the module they came with, the application first, then modules in their order. */
function partsOf(
  entries: readonly Entry[],
  loaded: LoadedEntries,
  { version, root }: { readonly version: string; readonly root: string },
  sourceOf: ReturnType<typeof sourcePlaces>,
): SnapshotPart[] {
  const byModule = new Map<string, SnapshotEntry[]>([["", []]]);
  for (const { name } of loaded.graph?.modules ?? []) byModule.set(name, []);
  for (const entry of entries) {
    const module = loaded.part?.(entry.id) ?? moduleOf(entry);
    const list = byModule.get(module) ?? [];
    byModule.set(module, list);
    const source = isLua(entry) ? sourceOf(entry.id) : undefined;
    const origin = loaded.origin?.(entry.id);
    list.push({
      entry,
      origin: origin && { ...origin, file: fromRoot(root, origin.file) },
      source: source && { ...source, file: fromRoot(root, source.file) },
    });
  }
  const versions = new Map(loaded.graph?.modules.map((module) => [module.name, module.version]));
  return [...byModule].map(([module, list]) => ({
    module,
    version: module === "" ? version : versions.get(module) ?? "",
    entries: list,
  }));
}

/** A path as seen from the project, also one that is not below it: nobody else has the folders of this machine. */
function fromRoot(root: string, path: string): string {
  const [base, full] = [root, path].map((each) => each.replaceAll("\\", "/").split("/"));
  if (!/^(\/|[A-Za-z]:)/.test(path)) return path;
  let common = 0;
  while (common < base!.length && base![common] === full![common]) common++;
  return [...base!.slice(common).map(() => ".."), ...full!.slice(common)].join("/");
}

/** Where a file that may not be there yet really is. */
function realPlace({ files }: Pick<Ports, "files">, path: string): string {
  const folder = files.directory(path);
  return files.resolve(files.realPath(folder) ?? folder, path.slice(folder.length).replace(/^[/\\]+/, ""));
}
