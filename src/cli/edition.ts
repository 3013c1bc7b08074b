/** What names this program for everything that it keeps between runs: another one may compile or find something else. */
import { readdirSync, statSync } from "node:fs";
import process from "node:process";
import { VERSION } from "./product.ts";

/** Folders whose sources decide what Lua compiles to and what is found in it. */
const FOLDERS = ["lang", "lang/rules", "lint", "lua", "vm", "app/lint"];

/** The version, the executable, and the sources when they are no part of it. */
export function edition(): string {
  const { mtimeMs, size } = statSync(process.execPath);
  return `${VERSION} ${mtimeMs} ${size} ${sourcesStamp()}`;
}

/** When the sources were changed last; nothing in a compiled program, which has none. */
function sourcesStamp(): string {
  try {
    const stamps = FOLDERS.flatMap((path) => {
      const folder = new URL(`../${path}/`, import.meta.url);
      return readdirSync(folder).map((name) => statSync(new URL(name, folder)).mtimeMs);
    });
    return String(Math.max(...stamps));
  } catch (error) {
    if ((error as { code?: string }).code === undefined) throw error;
    return "";
  }
}
