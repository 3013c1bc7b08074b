/**
 * Files that remember what was asked of them, so that later the same questions can be asked again: as long as all answers
 * are the same, whatever was made of them is the same too.
 *
 * OF1. Only what may change between runs is remembered: contents, listings, existence, what links point at.
 * OF2. Of a listing only folders, definition files and packs count: who reads a project looks at nothing else, and databases come
 *      and go beside them.
 */
import { Failure } from "../core/mod.ts";
import type { Files, NamedItem } from "../ports/mod.ts";

/** Endings of the names of definition files and packs. */
const PROJECT_FILES = [".yaml", ".yml", ".wapp"];

/** Tells contents apart. */
export type Digest = (bytes: Uint8Array) => string;

/** A question and a digest of its answer. */
export type Observation = readonly [
  question: "read" | "list" | "stat" | "real",
  path: string,
  answer: string,
];

/** `files`, and what was asked of them so far. */
export function observeFiles(
  files: Files,
  digest: Digest,
): { files: Files; observations(): Observation[] } {
  const seen = new Map<string, Observation>();
  const note = (question: Observation[0], path: string, answer: string): void => {
    seen.set(`${question} ${path}`, [question, path, answer]);
  };
  const observed: Files = {
    readFile(path) {
      const bytes = files.readFile(path);
      note("read", path, digest(bytes));
      return bytes;
    },
    readText(path) {
      note("read", path, digest(files.readFile(path)));
      return files.readText(path);
    },
    list(path) {
      const items = files.list(path);
      note("list", path, digest(namesOf(items)));
      return items;
    },
    names(path) {
      const items = files.names(path);
      note("list", path, digest(namesOf(items)));
      return items;
    },
    stat(path) {
      const facts = files.stat(path);
      note("stat", path, kindOf(facts));
      return facts;
    },
    realPath(path) {
      const real = files.realPath(path);
      note("real", path, real ?? "");
      return real;
    },
    readLink: (path) => files.readLink(path),
    writeFile: (path, data, options) => files.writeFile(path, data, options),
    makeDirectory: (path, options) => files.makeDirectory(path, options),
    remove: (path, options) => files.remove(path, options),
    rename: (from, to) => files.rename(from, to),
    open: (path, flags, mode) => files.open(path, flags, mode),
    resolve: (...parts) => files.resolve(...parts),
    directory: (path) => files.directory(path),
    workingDirectory: () => files.workingDirectory(),
  };
  /** That a file can be read and a directory listed says what they are. */
  const isSaid = ([question, path, answer]: Observation): boolean =>
    question === "stat" && seen.has(`${answer === "file" ? "read" : "list"} ${path}`) && answer !== "none";
  return { files: observed, observations: () => [...seen.values()].filter((each) => !isSaid(each)) };
}

/** Whether all questions would be answered the same now. */
export function stillHolds(
  observations: readonly Observation[],
  files: Pick<Files, "stat" | "realPath" | "names" | "readFile">,
  digest: Digest,
): boolean {
  const answerTo = (question: Observation[0], path: string): string => {
    switch (question) {
      case "stat":
        return kindOf(files.stat(path));
      case "real":
        return files.realPath(path) ?? "";
      case "list":
        return digest(namesOf(files.names(path)));
      case "read":
        return digest(files.readFile(path));
    }
  };
  try {
    return observations.every(([question, path, answer]) => answerTo(question, path) === answer);
  } catch (error) {
    // It is not there any more, or something else is.
    if (error instanceof Failure) return false;
    throw error;
  }
}

function kindOf(facts: { readonly isDirectory: boolean } | undefined): string {
  return facts === undefined ? "none" : facts.isDirectory ? "directory" : "file";
}

function namesOf(items: readonly NamedItem[]): Uint8Array {
  const names = items.filter(isLookedAt).map(({ name, isDirectory }) => isDirectory ? `${name}/` : name);
  return new TextEncoder().encode(names.sort().join("\0"));
}

function isLookedAt({ isDirectory, name }: NamedItem): boolean {
  if (name.startsWith(".")) return false;
  return isDirectory || PROJECT_FILES.some((extension) => name.toLowerCase().endsWith(extension));
}
