/** A module as a folder: its manifest, where its definitions are, what of it is passed over. */
import { yamlFailure } from "./yaml_failure.ts";
import { Failure, isValueMap, type Value } from "../core/mod.ts";
import type { YamlReader } from "../ports/mod.ts";
import { decodeText, type DefinitionFiles } from "./definition_folder.ts";
import { compilePathGlobs, type PathTest } from "./path_glob.ts";

/** Name of a module's manifest. */
export const MANIFEST_FILE = "wippy.yaml";

/** What the loader needs of a manifest. */
export interface ModuleManifest {
  /** `org/module`, `""` when the manifest does not say. */
  readonly name: string;
  readonly version: string;
  readonly exclude: readonly string[];
}

/** A module's folder, read. */
export interface ModuleFolder {
  /** Folder of the manifest; absolute. */
  readonly tree: string;
  /** Folder with definition files; `tree` or below it. */
  readonly folder: string;
  readonly manifest: ModuleManifest;
  readonly excluded: PathTest | undefined;
}

const NO_MANIFEST: ModuleManifest = { name: "", version: "", exclude: [] };

/** Reads the manifest in `folder`, when there is one. Fails with Invalid naming the file. */
export function readManifest(
  files: DefinitionFiles,
  yaml: YamlReader,
  folder: string,
  shown: string,
): ModuleManifest {
  const path = files.resolve(folder, MANIFEST_FILE);
  if (files.stat(path) === undefined) return NO_MANIFEST;
  const fail = (message: string, line: number): Failure =>
    new Failure("Invalid", `${shown}:${line}: ${message}`, {
      retryable: false,
      details: { file: shown, line },
    });
  const text = decodeText(files.readFile(path)) ?? "";
  let value: Value;
  try {
    value = yaml.parse(text);
  } catch (error) {
    throw yamlFailure(error, text, shown);
  }
  if (value === null) return NO_MANIFEST;
  if (!isValueMap(value)) throw fail("a manifest must be a map", 1);
  const { organization, module, version, exclude } = value;
  for (const [field, name] of [["organization", organization], ["module", module]] as const) {
    if (name === undefined || (typeof name === "string" && /^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))) continue;
    throw fail(`${field}: lower-case letters, digits and hyphens only`, yaml.lineOf(text, [field]));
  }
  if (exclude !== undefined && exclude !== null && !isTextList(exclude)) {
    throw fail("exclude must be a list of globs", yaml.lineOf(text, ["exclude"]));
  }
  const name = organization === undefined || module === undefined
    ? ""
    : `${String(organization)}/${String(module)}`;
  return {
    name,
    version: typeof version === "string" || typeof version === "number" ? String(version) : "",
    exclude: exclude as string[] | null ?? [],
  };
}

function isTextList(value: Value): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

/**
 * The module in `tree`. Its definitions are where its own lock file says, else in `src` when there is such a folder, else in
 * the whole tree.
 */
export function openModuleFolder(
  files: DefinitionFiles,
  yaml: YamlReader,
  tree: string,
  shown: (path: string) => string,
): ModuleFolder {
  const manifest = readManifest(files, yaml, tree, shown(files.resolve(tree, MANIFEST_FILE)));
  const source = files.resolve(tree, sourceOf(files, yaml, tree) ?? "src");
  return {
    tree,
    folder: files.stat(source)?.isDirectory === true ? source : tree,
    manifest,
    excluded: manifest.exclude.length === 0 ? undefined : compilePathGlobs(manifest.exclude),
  };
}

function sourceOf(files: DefinitionFiles, yaml: YamlReader, tree: string): string | undefined {
  const path = files.resolve(tree, "wippy.lock");
  if (files.stat(path) === undefined) return undefined;
  try {
    const lock = yaml.parse(decodeText(files.readFile(path)) ?? "");
    const directories = isValueMap(lock) ? lock["directories"] : undefined;
    const source = isValueMap(directories) ? directories["src"] : undefined;
    return typeof source === "string" ? source : undefined;
  } catch (error) {
    // The lock file of a module under development is its own business: it is not used here beyond this hint.
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
