/** What names this program for everything that it keeps between runs: another one may compile or find something else. */
import process from "node:process";
import type { Files } from "../ports/mod.ts";
import { BUILD, VERSION } from "./product.ts";

/** Folders whose sources decide what Lua compiles to and what is found in it. */
const FOLDERS = ["lang", "lang/rules", "lint", "lua", "vm", "app/lint"];

/** What a binary was made of; of a program that runs from its sources the version, the runtime, and when they were changed last. */
export function edition(files: Files): string {
  const binary = editionOfBinary();
  if (binary !== undefined) return binary;
  const runtime = files.stat(process.execPath);
  return `${VERSION} ${runtime?.modifiedMs} ${runtime?.size} ${sourcesStamp(files)}`;
}

/** The same for a program that is one file, whose sources can't change beside it; undefined for another. */
export function editionOfBinary(): string | undefined {
  return BUILD;
}

/** When the sources were changed last. */
function sourcesStamp(files: Files): string {
  const folder = files.resolve(import.meta.dirname!, "..");
  const stamps = FOLDERS.flatMap((path) =>
    files.list(files.resolve(folder, path)).map(({ modifiedMs }) => modifiedMs)
  );
  return String(Math.max(...stamps));
}
