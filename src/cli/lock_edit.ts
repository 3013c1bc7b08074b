/** Changes of lock files that keep what people wrote around them. */
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { relative } from "node:path";
import type { Document } from "yaml";
import { Misuse } from "./command.ts";

/** Edits the lock file at `path`. */
export async function editLock(path: string, edit: (document: Document) => void): Promise<void> {
  const { parseDocument } = await import("yaml");
  const document = parseDocument(readFileSync(path, "utf8"));
  if (document.errors.length > 0) {
    throw new Misuse(`${relative(".", path)} is no YAML: ${document.errors[0]!.message}`);
  }
  edit(document as Document);
  const text = String(document);
  if (text !== readFileSync(path, "utf8")) writeFileSync(path, text);
}

/** Creates the lock file at `path` unless it is there; true when it was created. */
export async function createLock(
  path: string,
  folder: string,
  directories: { readonly src?: string; readonly modules?: string } = {},
): Promise<boolean> {
  if (existsSync(path)) return false;
  const { printLockFile } = await import("../app/mod.ts");
  const hasSources = statSync(`${folder}/src`, { throwIfNoEntry: false })?.isDirectory() === true;
  const src = directories.src ?? (hasSources ? "./src" : ".");
  writeFileSync(path, printLockFile({ modules: directories.modules ?? ".wippy", src }));
  return true;
}

/** What a lock file says of one module. */
export interface LockedModule {
  readonly name: string;
  readonly version: string;
  readonly hash: string;
}

/** Writes the list of modules into a lock file. */
export async function writeModules(path: string, modules: readonly LockedModule[]): Promise<void> {
  await editLock(path, (document) => {
    if (modules.length === 0) document.deleteIn(["modules"]);
    else {
      document.setIn(
        ["modules"],
        document.createNode(modules.map(({ name, version, hash }) => ({ name, version, hash }))),
      );
    }
  });
}
