/** What names this program for everything that it keeps between runs: another one may compile or find something else. */
import process from "node:process";
import type { Files } from "../ports/mod.ts";
import { VERSION } from "./product.ts";

/** Folders whose sources decide what Lua compiles to and what is found in it. */
const FOLDERS = ["lang", "lang/rules", "lint", "lua", "vm", "app/lint"];

/** The version, the executable, and the sources when they are no part of it. */
export function edition(files: Files): string {
  const folder = sourceFolder(files);
  return `${programOf(files)} ${folder === undefined ? "" : sourcesStamp(files, folder)}`;
}

/** The same for a program that is one file, whose sources can't change beside it; undefined for another. */
export function editionOfBinary(files: Files): string | undefined {
  return sourceFolder(files) === undefined ? programOf(files) : undefined;
}

function programOf(files: Files): string {
  const program = files.stat(process.execPath);
  return `${VERSION} ${program?.modifiedMs} ${program?.size}`;
}

/** Where the sources are; undefined in a compiled program, whose sources are in no folder. */
function sourceFolder(files: Files): string | undefined {
  const here = import.meta.dirname;
  return here === undefined || files.stat(here) === undefined ? undefined : files.resolve(here, "..");
}

/** When the sources were changed last. */
function sourcesStamp(files: Files, folder: string): string {
  const stamps = FOLDERS.flatMap((path) =>
    files.list(files.resolve(folder, path)).map(({ modifiedMs }) => modifiedMs)
  );
  return String(Math.max(...stamps));
}
