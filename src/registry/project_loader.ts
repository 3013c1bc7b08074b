/**
 * All entries of a project on disk: its own, then those of replacement directories, then those of installed modules.
 *
 * PL1. A replaced module's installed copy is not read. A module of the lock file that is not installed is NotFound.
 * PL2. An id may be defined once; a second definition is Invalid and names both places.
 * PL3. Entries of modules carry `meta.module`, unless they set it themselves.
 * PL4. Stages run in order: `edit` (override and disable), module resolution, link. None of them changes an entry in place.
 * PL5. Time is linear in the size of the files. Lines are looked up only when a message needs one.
 */
import { Failure, isValueMap, type Value } from "../core/mod.ts";
import type { Files, YamlReader } from "../ports/mod.ts";
import { type PlacedEntry, readDefinitionFolder, relativePath } from "./definition_folder.ts";
import { digestBytes, digestOf } from "./digest.ts";
import type { Entry, EntryOrigin } from "./entry.ts";
import type { ModuleGraph } from "./history.ts";
import { DEPENDENCY_KIND, isRootDependency, linkEntries, moduleOf } from "./link.ts";
import { openModuleFolder } from "./module_folder.ts";
import { type DependencyDeclaration, type ModuleCandidate, resolveModules } from "./module_resolution.ts";
import type { LoadedEntries } from "./registry.ts";

/** What of a lock file the loader reads. */
export interface ProjectLock {
  readonly modules: readonly { readonly name: string; readonly version: string; readonly hash: string }[];
  /** Replacements as older lock files hold them: a map, or a list of `{from, to}`. */
  readonly replacements?: Value;
}

/** A module that comes with the program. */
export interface BundledModule {
  readonly name: string;
  readonly version: string;
  /** Files the module is read from. */
  readonly files: Files;
  /** Its folder there. */
  readonly folder: string;
}

/** Where a project's entries come from. */
export interface ProjectSources {
  readonly files: Files;
  readonly yaml: YamlReader;
  /** Root of the project: paths in messages are relative to it, file references may not leave it. */
  readonly root: string;
  /** Folder with the project's definition files; absolute. */
  readonly sourceDirectory: string;
  /** Folder modules are installed in; absolute. */
  readonly modulesDirectory: string;
  readonly lock?: ProjectLock;
  /** Directories by `org/module`, from `workspace.replacements`; relative ones start at `baseDirectory`. */
  readonly replacements?: Readonly<Record<string, string>>;
  readonly baseDirectory?: string;
  readonly bundled?: readonly BundledModule[];
}

/** How a project is loaded. */
export interface LoadOptions extends ProjectSources {
  /** The stages before linking: override and disable. */
  readonly edit?: (loaded: LoadedEntries) => LoadedEntries;
  /** Fail on unresolved requirements; they are warnings otherwise. */
  readonly strict?: boolean;
  readonly warn?: (message: string, fields: Record<string, Value>) => void;
}

/** Where the files of one part of a project are. */
interface Part {
  /** `org/module`; `""` for the project itself. */
  readonly module: string;
  readonly version: string;
  readonly origin: "source" | "replacement" | "vendor" | "bundled";
  readonly files: Files;
  readonly tree: string;
}

interface LoadedPart extends Part {
  readonly placed: readonly PlacedEntry[];
}

/** Reads a project. Fails with Invalid, NotFound or Conflict; the message says where and what to do. */
export function loadEntries(options: LoadOptions): LoadedEntries {
  const warn = options.warn ?? (() => {});
  const loader = new ProjectLoader(options, (message) => warn(message, {}));
  const read = loader.read();
  const edited = options.edit?.(read) ?? read;
  const graph = loader.resolve(edited.entries);
  const entries = linkEntries(edited.entries, { strict: options.strict, warn });
  return { entries, origin: edited.origin, graph };
}

class ProjectLoader {
  readonly #options: ProjectSources;
  readonly #warn: (message: string) => void;
  readonly #parts: LoadedPart[] = [];

  constructor(options: ProjectSources, warn: (message: string) => void) {
    this.#options = options;
    this.#warn = warn;
  }

  read(): LoadedEntries {
    const { files, root, sourceDirectory } = this.#options;
    const replaced = this.#replacements();
    const skipped = new Set([...replaced.values(), this.#options.modulesDirectory].flatMap((path) => [
      path,
      files.realPath(path) ?? path,
    ]));
    this.#add({ module: "", version: "", origin: "source", files, tree: root }, sourceDirectory, skipped);
    for (const [module, tree] of replaced) {
      this.#addModule({ module, version: "", origin: "replacement", files, tree });
    }
    for (const { name, version } of this.#options.lock?.modules ?? []) {
      if (!this.#has(name)) this.#addModule(this.#installed(name, version));
    }
    this.#addReachable();
    return this.#merged();
  }

  /** Checks the declared dependencies against what is there; the graph of modules in use. */
  resolve(entries: readonly Entry[]): ModuleGraph {
    const declared = entries.filter((entry) => entry.kind === DEPENDENCY_KIND);
    const roots = declared.filter(isRootDependency).map((entry) => declarationOf(entry));
    const candidates = new Map(
      this.#parts.filter((part) => part.module !== "").map((
        part,
      ) => [part.module, candidateOf(part, declared)]),
    );
    return resolveModules(roots, {
      candidates: (name) => candidates.has(name) ? [candidates.get(name)!] : [],
      hint: "run wippy install, or name a directory for it in workspace.replacements",
    });
  }

  #has(module: string): boolean {
    return this.#parts.some((part) => part.module === module);
  }

  #shown(files: Files, path: string): string {
    const { root } = this.#options;
    if (files !== this.#options.files) return path;
    const inner = relativePath(files, root, path);
    return inner === "" ? "." : inner === path.replaceAll("\\", "/").replace(/^\/+/, "") ? path : inner;
  }

  #addModule(part: Part): void {
    const shown = (path: string) => this.#shown(part.files, path);
    const folder = openModuleFolder(part.files, this.#options.yaml, part.tree, shown);
    const version = part.version === "" ? folder.manifest.version : part.version;
    this.#add({ ...part, version }, folder.folder, undefined);
  }

  #add(part: Part, folder: string, skipped: ReadonlySet<string> | undefined): void {
    const { yaml } = this.#options;
    const shown = (path: string) => this.#shown(part.files, path);
    const placed = readDefinitionFolder({
      files: part.files,
      yaml,
      folder,
      tree: part.tree,
      excluded: openModuleFolder(part.files, yaml, part.tree, shown).excluded,
      skipped,
      shown,
      warn: this.#warn,
    });
    this.#parts.push({
      ...part,
      placed: part.module === "" ? placed : placed.map((item) => tagged(item, part.module)),
    });
  }

  /** Directories by module, existing ones only. */
  #replacements(): Map<string, string> {
    const { files, root, lock, replacements = {}, baseDirectory = root } = this.#options;
    const result = new Map<string, string>();
    const add = (module: string, directory: string, base: string, where: string): void => {
      const path = files.resolve(base, directory);
      const facts = files.stat(path);
      if (facts?.isDirectory !== true) {
        const why = facts === undefined ? "does not exist" : "is no directory";
        throw new Failure("Invalid", `${where}: ${module}: ${directory} ${why} (looked for ${path})`, {
          retryable: false,
          details: { module, path },
        });
      }
      result.set(module, path);
    };
    for (const [module, directory] of lockReplacements(lock?.replacements)) {
      if (!Object.hasOwn(replacements, module)) add(module, directory, root, "wippy.lock: replacements");
    }
    for (const [module, directory] of Object.entries(replacements)) {
      add(module, directory, baseDirectory, "workspace.replacements");
    }
    return result;
  }

  #installed(name: string, version: string): Part {
    const { files, modulesDirectory, bundled = [] } = this.#options;
    const tree = files.resolve(modulesDirectory, "vendor", ...name.split("/"));
    if (files.stat(tree)?.isDirectory === true) {
      return { module: name, version: version.replace(/^v/, ""), origin: "vendor", files, tree };
    }
    const included = bundled.find((module) => module.name === name);
    if (included !== undefined) return bundledPart(included);
    const message = `module ${name} ${version} is in wippy.lock but not installed (no ${
      this.#shown(files, tree)
    }); run wippy install`;
    throw new Failure("NotFound", message, { retryable: true, details: { module: name } });
  }

  /** Adds installed and bundled modules that are depended on without being in the lock file. */
  #addReachable(): void {
    const { files, modulesDirectory, bundled = [] } = this.#options;
    for (let i = 0; i < this.#parts.length; i++) {
      for (const { entry } of this.#parts[i]!.placed) {
        const component = entry.data["component"];
        if (entry.kind !== DEPENDENCY_KIND || typeof component !== "string" || this.#has(component)) continue;
        const tree = files.resolve(modulesDirectory, "vendor", ...component.split("/"));
        const included = bundled.find((module) => module.name === component);
        if (files.stat(tree)?.isDirectory === true) {
          this.#addModule({ module: component, version: "", origin: "vendor", files, tree });
        } else if (included !== undefined) this.#addModule(bundledPart(included));
      }
    }
  }

  /** The entries of all parts, ids checked. */
  #merged(): LoadedEntries {
    const places = new Map<string, { part: LoadedPart; item: PlacedEntry }>();
    const origin = (id: string): EntryOrigin | undefined => {
      const place = places.get(id);
      return place === undefined ? undefined : this.#originOf(place.part, place.item);
    };
    const entries: Entry[] = [];
    for (const part of this.#parts) {
      for (const item of part.placed) {
        const { id } = item.entry;
        const first = places.get(id);
        if (first !== undefined) {
          const before = printOrigin(this.#originOf(first.part, first.item));
          const message = `${
            printOrigin(this.#originOf(part, item))
          }: ${id} is defined already at ${before}; rename one`;
          throw new Failure("Invalid", message, { retryable: false, details: { id } });
        }
        places.set(id, { part, item });
        entries.push(item.entry);
      }
    }
    return { entries, origin };
  }

  #originOf(part: LoadedPart, item: PlacedEntry): EntryOrigin {
    const file = this.#shown(part.files, item.file);
    try {
      return { file, line: this.#options.yaml.lineOf(part.files.readText(item.file), item.path) };
    } catch (error) {
      // The file was there when it was read; a message about an entry of it must not fail over its line.
      if (error instanceof Failure) return { file, line: 1 };
      throw error;
    }
  }
}

/** Text of a place: `file:line`. */
export function printOrigin({ file, line }: EntryOrigin): string {
  return `${file}:${line}`;
}

function bundledPart({ name, version, files, folder }: BundledModule): Part {
  return { module: name, version, origin: "bundled", files, tree: folder };
}

function tagged(item: PlacedEntry, module: string): PlacedEntry {
  if (Object.hasOwn(item.entry.meta, "module")) return item;
  return { ...item, entry: { ...item.entry, meta: { ...item.entry.meta, module } } };
}

function lockReplacements(value: Value): [string, string][] {
  if (Array.isArray(value)) {
    return value.flatMap((item) =>
      isValueMap(item) && typeof item["from"] === "string" && typeof item["to"] === "string"
        ? [[item["from"], item["to"]] as [string, string]]
        : []
    );
  }
  if (!isValueMap(value)) return [];
  return Object.entries(value).filter((item): item is [string, string] => typeof item[1] === "string");
}

/** A dependency entry as a declaration; fails with Invalid when it names no module. */
export function declarationOf(entry: Entry): DependencyDeclaration {
  const { component, version } = entry.data;
  if (typeof component !== "string" || !/^[^/\s]+\/[^/\s]+$/.test(component)) {
    throw new Failure("Invalid", `${entry.id}: component must be org/module`, {
      retryable: false,
      details: { id: entry.id },
    });
  }
  const range = version === undefined || version === null ? "*" : String(version);
  return { id: entry.id, component, range, from: moduleOf(entry) };
}

function candidateOf(part: LoadedPart, declared: readonly Entry[]): ModuleCandidate {
  const own = new Set(part.placed.map((item) => item.entry.id));
  const digests = part.placed.map((item) => `${item.entry.id} ${digestOf(item.entry)}`).sort();
  return {
    name: part.module,
    version: part.version,
    origin: part.origin,
    hash: digestBytes(new TextEncoder().encode(digests.join("\n"))),
    dependencies: declared.filter((entry) => own.has(entry.id) && !isRootDependency(entry)).map(
      declarationOf,
    ),
    anyVersion: part.origin === "replacement" || part.version === "",
  };
}
