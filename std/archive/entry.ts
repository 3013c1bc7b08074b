/** Entries of archives: what is known of them, and which of their names are safe to use as paths. */
import type { LuaValue } from "../../src/vm/mod.ts";
import { invalid } from "./options.ts";

/** What kind of thing an entry is. */
export type EntryType = "file" | "directory" | "symlink" | "link" | "character" | "block" | "fifo" | "other";

/** An entry. Sizes are -1 while nobody knows them. */
export interface Entry {
  readonly name: string;
  readonly type: EntryType;
  readonly size: number;
  readonly compressedSize: number;
  /** Permission bits. */
  readonly mode: number;
  /** Unix seconds. */
  readonly modified: number;
  readonly method: string;
  readonly crc32: number;
}

/** An entry as Lua sees it. */
export function entryTable(entry: Entry): LuaValue {
  return {
    name: entry.name,
    size: entry.size,
    compressed_size: entry.compressedSize,
    is_dir: entry.type === "directory",
    mode: entry.mode,
    modified: entry.modified,
    method: entry.method,
    crc32: entry.crc32,
    type: entry.type,
  };
}

/**
 * The parts of an entry's name. Refuses names that could lead out of the folder they are put in: absolute ones, drives, network
 * paths, and any `..`; also when they are written with backslashes.
 */
export function safeParts(name: string): string[] {
  const path = name.replaceAll("\\", "/");
  const parts = path.split("/");
  const isUnsafe = path.startsWith("/") || /^[A-Za-z]:/.test(path) || parts.includes("..") ||
    path.includes("\0");
  if (isUnsafe) throw invalid(`unsafe path in archive: ${JSON.stringify(name)}`);
  return parts.filter((part) => part !== "" && part !== ".");
}
