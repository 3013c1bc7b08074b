/**
 * Which files of a folder belong to its project: where definitions are, and what is in them.
 *
 * With `wippy.lock` these are its source folder and the modules it installs; without, the whole folder.
 */
import type { Files } from "../ports/mod.ts";
import { parse } from "yaml";

/** What is asked of a file system. */
export type ProjectFiles = Pick<Files, "readFile" | "list" | "stat" | "resolve" | "directory">;

const LOCK_FILE = "wippy.lock";
const YAML_FILE = /\.ya?ml$/i;
/** Configuration that may lie beside definition files. */
const OTHER_FILES = new Set(["wippy.yaml", "wippy.yml"]);
const FOREIGN_FOLDERS = new Set(["node_modules"]);

/** Most files that are looked at in one folder; what is beyond is no project. */
const FILES_MAX = 20_000;

/** Folders of the project at `root` that hold definitions. */
export function definitionFolders(files: ProjectFiles, root: string): string[] {
  const lock = readText(files, files.resolve(root, LOCK_FILE));
  if (lock === undefined) return [root];
  const directories = directoriesOf(lock);
  const folders = [directories.src ?? "./src", directories.modules ?? ".wippy"];
  return folders.map((folder) => files.resolve(root, folder)).filter((path) =>
    factsOf(files, path)?.isDirectory
  );
}

/** What makes a folder a project, in it or in its `src`. */
const MARKS = [LOCK_FILE, ".wippy.yaml", "_index.yaml", "_index.yml"];

/** Whether a folder holds a project. */
export function isProject(files: ProjectFiles, root: string): boolean {
  return [root, files.resolve(root, "src")].some((folder) =>
    MARKS.some((mark) => factsOf(files, files.resolve(folder, mark)) !== undefined)
  );
}

function directoriesOf(lock: string): { src?: string; modules?: string } {
  try {
    const { directories } = parse(lock) as { directories?: { src?: unknown; modules?: unknown } };
    const text = (value: unknown): string | undefined => typeof value === "string" ? value : undefined;
    return { src: text(directories?.src), modules: text(directories?.modules) };
  } catch {
    // A lock file that is no YAML: the project is where it usually is.
    return {};
  }
}

/** Paths of all YAML files below a folder, sorted. */
export function definitionPaths(files: ProjectFiles, folder: string): string[] {
  const found: string[] = [];
  let seen = 0;
  const visit = (path: string, isRoot: boolean): void => {
    for (const item of listOf(files, path)) {
      if (++seen > FILES_MAX) return;
      if (item.name.startsWith(".") && !isRoot) continue;
      const child = files.resolve(path, item.name);
      if (item.isDirectory) {
        if (!FOREIGN_FOLDERS.has(item.name) && !item.isLink && !item.name.startsWith(".")) {
          visit(child, false);
        }
      } else if (YAML_FILE.test(item.name) && !OTHER_FILES.has(item.name) && !item.name.startsWith(".")) {
        found.push(child);
      }
    }
  };
  visit(folder, true);
  return found.sort();
}

/** Facts of a file or folder; undefined also where nobody can look, such as below a file. */
export function factsOf(files: ProjectFiles, path: string): ReturnType<ProjectFiles["stat"]> {
  try {
    return files.stat(path);
  } catch {
    return undefined;
  }
}

/** What is in a folder; nothing when there is none. */
function listOf(files: ProjectFiles, path: string): ReturnType<ProjectFiles["list"]> {
  try {
    return files.list(path);
  } catch {
    // Gone meanwhile, or not ours to read.
    return [];
  }
}

/** The text of a file; undefined when there is none or it is no text. */
export function readText(files: ProjectFiles, path: string): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(files.readFile(path));
  } catch {
    return undefined;
  }
}

/** Names of the files in the folder of `path`. */
export function filesBeside(files: ProjectFiles, path: string): string[] {
  return listOf(files, files.directory(path)).filter(({ isDirectory }) => !isDirectory).map(({ name }) =>
    name
  );
}
