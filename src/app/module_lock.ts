/**
 * Which modules a project uses, at which versions, for its lock file.
 *
 * L1. What the sources declare is solved by its ranges; modules that stand in the lock file alone stay in it. L2. A replaced module is
 * never written down: where it is replaced, its version means nothing. L3. Modules come from the modules directory, from
 * replacements and from the program; nothing is fetched.
 */
import { Failure } from "../core/mod.ts";
import type { Ports } from "../ports/mod.ts";
import {
  catalogOf,
  declarationOf,
  DEPENDENCY_KIND,
  type DependencyDeclaration,
  type LoadedPart,
  ModuleShelf,
  packValue,
  parseModuleVersion,
  parseVersionRange,
  type ResolvedModule,
  resolveModules,
  satisfies,
} from "../registry/mod.ts";
import { entryForHash } from "./module_unpack.ts";
import { type Project, sourcesOf } from "./project.ts";

/** A module that is wanted besides those that the sources declare. */
export interface WantedModule {
  readonly name: string;
  /** Range or version; `*` for any. */
  readonly range: string;
  /** Who wants it, for messages. */
  readonly by?: string;
}

/** All modules in use by name. Fails with NotFound or Conflict when they can't all be had. */
export function solveModules(
  project: Project,
  ports: Pick<Ports, "cryptography" | "files" | "yaml">,
  wanted: readonly WantedModule[],
): readonly ResolvedModule[] {
  const shelf = new ModuleShelf(sourcesOf(project, ports), () => undefined);
  const declared = shelf.source().placed.map(({ entry }) => entry)
    .filter((entry) => entry.kind === DEPENDENCY_KIND).map(declarationOf);
  const roots: DependencyDeclaration[] = [...declared];
  for (const { name, range, by = "wippy.lock" } of wanted) {
    const known = declared.find(({ component }) => component === name);
    if (known === undefined) roots.push({ id: by, component: name, range, from: "" });
  }
  const { modules } = resolveModules(roots, catalogOf((module) => shelf.find(module), []));
  for (const each of wanted) demandWanted(each, declared, modules);
  return modules.map((module) => ({ ...module, hash: contentHash(shelf.find(module.name)!, ports) }));
}

/** Refuses a version that was asked for when the sources declare the module and get another one by that. */
function demandWanted(
  { name, range }: WantedModule,
  declared: readonly DependencyDeclaration[],
  modules: readonly ResolvedModule[],
): void {
  const declaration = declared.find(({ component }) => component === name);
  if (declaration === undefined) return;
  const version = modules.find((module) => module.name === name)?.version ?? "";
  const parsed = parseModuleVersion(version);
  if (parsed === undefined || satisfies(parsed, parseVersionRange(range))) return;
  const message =
    `module ${name} is declared by ${declaration.id} as ${declaration.range || "*"}, which gives ` +
    `${lockVersion(version)} and not ${range}; change the version there`;
  throw new Failure("Conflict", message, {
    retryable: false,
    details: { component: name, id: declaration.id },
  });
}

/** SHA-256 of what a module's entries say, whatever the order and the layout of its files. */
function contentHash(part: LoadedPart, { cryptography }: Pick<Ports, "cryptography">): string {
  const entries = part.placed.map(({ entry }) => entryForHash(entry)).sort((a, b) => a.id < b.id ? -1 : 1);
  const said = packValue(entries.map(({ id, kind, meta, data }) => [id, kind, meta, data]), { sorted: true });
  return cryptography.digest("sha256", said).toHex();
}

/** A version as lock files have it. */
export function lockVersion(version: string): string {
  return version === "" || version.startsWith("v") ? version : `v${version}`;
}

/** Where a module of the lock file is had from now; undefined when it is nowhere. */
export function findModule(
  project: Project,
  ports: Pick<Ports, "cryptography" | "files" | "yaml">,
  name: string,
): ResolvedModule | undefined {
  const shelf = new ModuleShelf(sourcesOf(project, ports), () => undefined);
  const catalog = catalogOf((module) => shelf.find(module), []);
  const [candidate] = catalog.candidates(name);
  if (candidate === undefined) return undefined;
  const { version, origin, dependencies } = candidate;
  const hash = contentHash(shelf.find(name)!, ports);
  return { name, version, origin, hash, dependencies: dependencies.map(({ component }) => component) };
}

/** `org/name` or `org/name@version` as typed; fails with Invalid. */
export function parseModule(text: string): WantedModule {
  const match = /^([a-z0-9][a-z0-9-]*\/[a-z0-9][a-z0-9-]*)(?:@(.+))?$/.exec(text);
  if (match === null) {
    throw new Failure("Invalid", `${JSON.stringify(text)} is no module: org/name or org/name@version`, {
      retryable: false,
      details: { flag: "module" },
    });
  }
  const [, name, version = "*"] = match;
  return { name: name!, range: version === "latest" ? "*" : version, by: "wippy add" };
}
