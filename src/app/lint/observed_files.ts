/**
 * Files that remember what was asked of them, so that later the same questions can be asked again: as long as all answers
 * are the same, whatever was made of them is the same too.
 *
 * OF1. Only what may change between runs is remembered: contents, listings, existence, what links point at.
 */
import type { Files } from "../../ports/mod.ts";
import { digestBytes } from "../../registry/mod.ts";

/** A question and a digest of its answer. */
export type Observation = readonly [
  question: "read" | "list" | "stat" | "real",
  path: string,
  answer: string,
];

/** `files`, and what was asked of them so far. */
export function observeFiles(files: Files): { files: Files; observations(): Observation[] } {
  const seen = new Map<string, Observation>();
  const note = (question: Observation[0], path: string, answer: string): void => {
    seen.set(`${question} ${path}`, [question, path, answer]);
  };
  const observed: Files = {
    readFile(path) {
      const bytes = files.readFile(path);
      note("read", path, digestBytes(bytes));
      return bytes;
    },
    readText(path) {
      note("read", path, digestBytes(files.readFile(path)));
      return files.readText(path);
    },
    list(path) {
      const items = files.list(path);
      note("list", path, namesOf(items));
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
  return { files: observed, observations: () => [...seen.values()] };
}

/** Whether all questions would be answered the same now. */
export function stillHolds(observations: readonly Observation[], files: Files): boolean {
  return observations.every(([question, path, answer]) => {
    switch (question) {
      case "stat":
        return kindOf(files.stat(path)) === answer;
      case "real":
        return (files.realPath(path) ?? "") === answer;
      case "list":
        return files.stat(path)?.isDirectory === true && namesOf(files.list(path)) === answer;
      case "read":
        return files.stat(path)?.isDirectory === false && digestBytes(files.readFile(path)) === answer;
    }
  });
}

function kindOf(facts: { readonly isDirectory: boolean } | undefined): string {
  return facts === undefined ? "none" : facts.isDirectory ? "directory" : "file";
}

function namesOf(items: readonly { readonly name: string; readonly isDirectory: boolean }[]): string {
  const names = items.map(({ name, isDirectory }) => isDirectory ? `${name}/` : name).sort();
  return digestBytes(new TextEncoder().encode(names.join("\0")));
}
