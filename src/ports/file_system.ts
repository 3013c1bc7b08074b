/** Rooted file systems: provided by `fs.directory` and the like, used by the `fs` module and static files. */
import type { FileHandle, FileInfo } from "./files.ts";
import { defineResource } from "./resource.ts";

/** A tree of files; paths are relative to its root and can't leave it (Invalid `path traversal not allowed`). */
export interface FileSystem {
  readonly readonly: boolean;
  stat(path: string): FileInfo | undefined;
  list(path: string): FileInfo[];
  readFile(path: string): Uint8Array;
  writeFile(path: string, data: Uint8Array, mode: "w" | "a" | "wx"): void;
  makeDirectory(path: string): void;
  remove(path: string): void;
  open(path: string, mode: "r" | "w" | "wx" | "a"): FileHandle;
}

/** Resource type of file systems. */
export const FileSystemResource = defineResource<FileSystem>("fs");
