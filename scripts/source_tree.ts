/**
 * The files of this repository, as scripts see them.
 *
 * Owns where the root is and which folders are never looked at. Paths are relative to the root, with `/`.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** The repository's root folder. */
export const ROOT: string = resolve(dirname(fileURLToPath(import.meta.url)), "..");

const SKIPPED = new Set(["node_modules", "dist", ".git", ".cache", ".wippy"]);

/** All files under `folder` of `root`, sorted; empty when the folder does not exist. */
export function listFiles(folder = ".", root = ROOT): string[] {
  const found: string[] = [];
  const walk = (path: string) => {
    let entries;
    try {
      entries = readdirSync(join(root, path), { withFileTypes: true });
    } catch (error) {
      if ((error as { code?: string }).code === "ENOENT") return;
      throw error;
    }
    for (const entry of entries) {
      if (SKIPPED.has(entry.name)) continue;
      const child = path === "." ? entry.name : `${path}/${entry.name}`;
      if (entry.isDirectory()) walk(child);
      else if (entry.isFile()) found.push(child);
    }
  };
  walk(folder);
  return found.sort();
}

/** The text of a file of the repository. */
export function readText(path: string, root = ROOT): string {
  return readFileSync(join(root, path), "utf8");
}
