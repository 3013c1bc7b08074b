/**
 * Modules that can be read: replacement directories, those in the vendor folder, those that come with the program; for an
 * application that is a pack, those in the pack instead of the vendor folder.
 *
 * MS1. A replacement hides an installed copy, an installed copy a bundled one; an unpacked copy hides a packed one. MS2. Entries of modules carry `meta.module`, unless
 * they set it themselves. MS3. A module is read once.
 */
import { Failure, isValueMap, type Value } from "../core/mod.ts";
import type { Files, YamlReader } from "../ports/mod.ts";
import {
  type DefinitionFiles,
  type PlacedEntry,
  plainPath,
  readDefinitionFolder,
  relativePath,
} from "./definition_folder.ts";
import { digestBytes, digestOf } from "./digest.ts";
import type { Entry } from "./entry.ts";
import { DEPENDENCY_KIND, isRootDependency, moduleOf } from "./link.ts";
import { openModuleFolder } from "./module_folder.ts";
import { compareModuleVersions, parseModuleVersion } from "./module_version.ts";
import type { DependencyDeclaration, ModuleCandidate, ModuleCatalog } from "./module_resolution.ts";

/** How packs end. */
export const PACK_EXTENSION = ".wapp";

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
  readonly files: DefinitionFiles;
  /** Its folder there. */
  readonly folder: string;
}

/** Reads modules that are packs. */
export interface ModulePacks {
  /** The module that is the pack at `path`; fails with Invalid when that is no good pack. `shown` is for messages. */
  module(path: string, shown: string): PackedModule;
}

/** A module in a pack. */
export interface PackedModule {
  /** `org/module`; `""` when the pack does not say. */
  readonly name: string;
  readonly version: string;
  readonly placed: readonly PlacedEntry[];
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
  /** Whether files that entries refer to are read when their fields are looked at. */
  readonly isDeferred?: boolean;
  /** Modules that come with the program; asked for when one is looked for. */
  readonly bundled?: () => readonly BundledModule[];
  /** Reads modules of the vendor folder that are packs; without it they are not seen. */
  readonly packs?: ModulePacks;
  /** All of an application that is a pack, by module; `""` is the application itself. */
  readonly packed?: ReadonlyMap<string, PackedModule>;
}

/** A module, or the project itself, as it was read. */
export interface LoadedPart {
  /** `org/module`; `""` for the project itself. */
  readonly module: string;
  readonly version: string;
  readonly origin: "source" | "replacement" | "vendor" | "packed" | "bundled" | "pack";
  readonly files: DefinitionFiles;
  /** What its file references may not leave. */
  readonly tree: string;
  readonly placed: readonly PlacedEntry[];
}

/** Modules of one project. */
export class ModuleShelf {
  /** Directories by replaced module, existing ones only. */
  readonly replaced: ReadonlyMap<string, string>;
  readonly #sources: ProjectSources;
  readonly #warn: (message: string) => void;
  readonly #read = new Map<string, LoadedPart | undefined>();

  /** Fails with Invalid when a replacement is no directory. */
  constructor(sources: ProjectSources, warn: (message: string) => void) {
    this.#sources = sources;
    this.#warn = warn;
    this.replaced = replacementsOf(sources);
  }

  /** Path of a file as messages show it. */
  shown(files: DefinitionFiles, path: string): string {
    const { root } = this.#sources;
    if (files !== this.#sources.files) return path;
    const inner = relativePath(files, root, path);
    if (inner === "") return ".";
    return inner === plainPath(path) ? path : inner;
  }

  /** The project's own definitions. */
  source(): LoadedPart {
    const { files, root, sourceDirectory, modulesDirectory, packed } = this.#sources;
    if (packed !== undefined) return this.#packed("", packed.get("")!, "pack");
    const skipped = new Set<string>();
    for (const path of [...this.replaced.values(), modulesDirectory]) {
      skipped.add(path).add(files.realPath(path) ?? path);
    }
    const part = { module: "", version: "", origin: "source" as const, files, tree: root };
    return this.#load(part, sourceDirectory, skipped);
  }

  /** A module by name; undefined when it is nowhere. `version` is what a lock file says of it. */
  find(module: string, version = ""): LoadedPart | undefined {
    if (!this.#read.has(module)) this.#read.set(module, this.#open(module, version));
    return this.#read.get(module);
  }

  /** The folder on disk that a module is read from; that of the project for `""`, undefined when it is nowhere on disk. */
  treeOf(module: string): string | undefined {
    if (module === "") return this.#sources.root;
    if (!isModuleName(module)) return undefined;
    const replacement = this.replaced.get(module);
    if (replacement !== undefined) return replacement;
    if (this.#sources.packed !== undefined) return undefined;
    const tree = this.#vendorFolder(module);
    return this.#sources.files.stat(tree)?.isDirectory === true ? tree : undefined;
  }

  /** A module of the lock file; fails with NotFound when it is not installed. */
  require(module: string, version: string): LoadedPart {
    const part = this.find(module, version.replace(/^v/, ""));
    if (part !== undefined) return part;
    const { files } = this.#sources;
    const place = this.shown(files, this.#vendorFolder(module));
    const message = `module ${module} ${version} is in wippy.lock but not installed (no ${place}` +
      `${
        version === "" ? "" : `, no ${place}-v${version.replace(/^v/, "")}${PACK_EXTENSION}`
      }); put it there, ` +
      "or name a directory for it in workspace.replacements";
    throw new Failure("NotFound", message, { retryable: true, details: { module } });
  }

  #vendorFolder(module: string): string {
    const { files, modulesDirectory } = this.#sources;
    return files.resolve(modulesDirectory, "vendor", ...module.split("/"));
  }

  #open(module: string, version: string): LoadedPart | undefined {
    if (!isModuleName(module)) return undefined;
    const { files, bundled, packed } = this.#sources;
    const replacement = this.replaced.get(module);
    if (replacement !== undefined) {
      return this.#loadModule({ module, version: "", origin: "replacement", files, tree: replacement });
    }
    const inPack = packed?.get(module);
    if (inPack !== undefined) return this.#packed(module, inPack, "pack");
    const installed = packed === undefined ? this.#installed(module, version) : undefined;
    if (installed !== undefined) return installed;
    const included = bundled?.().find((item) => item.name === module);
    if (included === undefined) return undefined;
    const origin = "bundled" as const;
    return this.#loadModule({
      module,
      version: included.version,
      origin,
      files: included.files,
      tree: included.folder,
    });
  }

  /** A module of the vendor folder: unpacked, else as a pack. */
  #installed(module: string, version: string): LoadedPart | undefined {
    const { files } = this.#sources;
    const tree = this.#vendorFolder(module);
    if (files.stat(tree)?.isDirectory === true) {
      return this.#loadModule({ module, version, origin: "vendor", files, tree });
    }
    return this.findPack(module, version);
  }

  /** The pack of a module in the vendor folder, unpacked or not; undefined when there is none. Fails with Invalid for a wrong one. */
  findPack(module: string, version = ""): LoadedPart | undefined {
    const { files, packs } = this.#sources;
    const tree = this.#vendorFolder(module);
    const path = packs === undefined ? undefined : this.#vendorPack(tree, version);
    if (packs === undefined || path === undefined) return undefined;
    const shown = this.shown(files, path);
    const found = packs.module(path, shown);
    if (found.name !== "" && found.name !== module) {
      throw new Failure("Invalid", `${shown}: the pack holds ${found.name} and not ${module}`, {
        retryable: false,
      });
    }
    const inName = path.slice(tree.length + "-v".length, -PACK_EXTENSION.length);
    if (found.version !== "" && found.version !== inName) {
      const message = `${shown}: the pack holds version ${found.version}; its name must say that`;
      throw new Failure("Invalid", message, { retryable: false });
    }
    return this.#packed(module, { ...found, version: inName }, "packed");
  }

  /** The pack of a module beside where its folder would be: of one version, else of the highest. */
  #vendorPack(tree: string, version: string): string | undefined {
    const { files } = this.#sources;
    if (version !== "") {
      const path = `${tree}-v${version}${PACK_EXTENSION}`;
      return files.stat(path)?.isDirectory === false ? path : undefined;
    }
    const folder = files.directory(tree);
    if (files.stat(folder)?.isDirectory !== true) return undefined;
    const start = `${relativePath(files, folder, tree)}-v`;
    const found = files.names(folder).flatMap(({ name, isDirectory }) => {
      if (isDirectory || !name.startsWith(start) || !name.endsWith(PACK_EXTENSION)) return [];
      const parsed = parseModuleVersion(name.slice(start.length, -PACK_EXTENSION.length));
      return parsed === undefined ? [] : [{ name, parsed }];
    });
    const [highest] = found.sort((a, b) => compareModuleVersions(b.parsed, a.parsed));
    return highest === undefined ? undefined : files.resolve(folder, highest.name);
  }

  #packed(module: string, { version, placed }: PackedModule, origin: "pack" | "packed"): LoadedPart {
    const { files, root } = this.#sources;
    const mine = module === "" ? placed : placed.map((item) => tagged(item, module));
    return { module, version, origin, files, tree: root, placed: mine };
  }

  #loadModule(part: Omit<LoadedPart, "placed">): LoadedPart {
    const shown = (path: string) => this.shown(part.files, path);
    const folder = openModuleFolder(part.files, this.#sources.yaml, part.tree, shown);
    const version = part.version === "" ? folder.manifest.version : part.version;
    return this.#load({ ...part, version }, folder.folder, undefined);
  }

  #load(
    part: Omit<LoadedPart, "placed">,
    folder: string,
    skipped: ReadonlySet<string> | undefined,
  ): LoadedPart {
    const { isDeferred, yaml } = this.#sources;
    const shown = (path: string) => this.shown(part.files, path);
    const { excluded } = openModuleFolder(part.files, yaml, part.tree, shown);
    const { files, tree } = part;
    const placed = readDefinitionFolder({
      files,
      yaml,
      folder,
      tree,
      excluded,
      skipped,
      isDeferred,
      shown,
      warn: this.#warn,
    });
    return { ...part, placed: part.module === "" ? placed : placed.map((item) => tagged(item, part.module)) };
  }
}

function isModuleName(name: string): boolean {
  return /^[^/\s\\]+\/[^/\s\\]+$/.test(name) &&
    !name.split("/").some((part) => part === "." || part === "..");
}

function tagged(item: PlacedEntry, module: string): PlacedEntry {
  if (Object.hasOwn(item.entry.meta, "module")) return item;
  return { ...item, entry: { ...item.entry, meta: { ...item.entry.meta, module } } };
}

function replacementsOf(sources: ProjectSources): Map<string, string> {
  const { files, root, lock, replacements = {}, baseDirectory = root } = sources;
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
  if (typeof component !== "string" || !isModuleName(component)) {
    throw new Failure("Invalid", `${entry.id}: component must be org/module`, {
      retryable: false,
      details: { id: entry.id },
    });
  }
  const range = version === undefined || version === null ? "*" : String(version);
  return { id: entry.id, component, range, from: moduleOf(entry) };
}

/** The catalog of the parts that `find` knows; `declared` are all dependency entries as they are now. */
export function catalogOf(
  find: (module: string) => LoadedPart | undefined,
  declared: readonly Entry[],
): ModuleCatalog {
  return {
    candidates(module) {
      const part = find(module);
      return part === undefined ? [] : [candidateOf(part, declared)];
    },
    hint: "put it into the modules directory of wippy.lock (vendor/org/module, or as a pack " +
      "vendor/org/module-v1.2.3.wapp), " +
      "or name a directory for it in workspace.replacements",
  };
}

function candidateOf(part: LoadedPart, declared: readonly Entry[]): ModuleCandidate {
  const known = new Map(declared.map((entry) => [entry.id, entry]));
  const own = part.placed.filter(({ entry }) => entry.kind === DEPENDENCY_KIND)
    .map(({ entry }) => known.get(entry.id) ?? entry);
  const digests = part.placed.map(({ entry }) => `${entry.id} ${digestOf(entry)}`).sort();
  return {
    name: part.module,
    version: part.version,
    origin: part.origin,
    hash: digestBytes(new TextEncoder().encode(digests.join("\n"))),
    dependencies: own.filter((entry) => !isRootDependency(entry)).map(declarationOf),
    // What a pack holds was resolved when it was made.
    anyVersion: part.origin === "replacement" || part.origin === "pack" || part.version === "",
  };
}
