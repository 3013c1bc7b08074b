/** What names this program for everything that it keeps between runs: another one may compile or find something else. */
import process from "node:process";
import type { Files } from "../ports/mod.ts";
import { VERSION } from "./product.ts";

/** Folders whose sources decide what Lua compiles to and what is found in it. */
const FOLDERS = ["lang", "lang/rules", "lint", "lua", "vm", "app/lint"];

/** The version, the executable, and the sources when they are no part of it. */
export function edition(files: Files): string {
  const program = files.stat(process.execPath);
  return `${VERSION} ${program?.modifiedMs} ${program?.size} ${sourcesStamp(files)}`;
}

/** The same for a program that is one file, whose sources can't change beside it; undefined for another. */
export function editionOfBinary(files: Files): string | undefined {
  const program = files.stat(process.execPath);
  const isBinary = program !== undefined && sourcesStamp(files) === "";
  return isBinary ? `${VERSION} ${program.modifiedMs} ${program.size}` : undefined;
}

/** When the sources were changed last; nothing in a compiled program, whose sources are in no folder. */
function sourcesStamp(files: Files): string {
  const here = import.meta.dirname;
  if (here === undefined || files.stat(here) === undefined) return "";
  const stamps = FOLDERS.flatMap((path) =>
    files.list(files.resolve(here, "..", path)).map(({ modifiedMs }) => modifiedMs)
  );
  return String(Math.max(...stamps));
}
