/** Rooted file systems: provided by `fs.directory` and the like, used by the `fs` module and static files. */
import type { FileHandle, FileInfo } from "./files.ts";
import { defineResource } from "./resource.ts";

/**
 * A tree of files; paths are relative to its root, `/` or nothing leads them, and they can't leave it, links included
 * (Invalid `path traversal not allowed`). Messages name such paths, never those of the machine.
 */
export interface FileSystem {
  readonly readonly: boolean;
  stat(path: string): FileInfo | undefined;
  list(path: string): FileInfo[];
  readFile(path: string): Uint8Array;
  writeFile(path: string, data: Uint8Array, mode: "w" | "a" | "wx"): void;
  makeDirectory(path: string): void;
  remove(path: string): void;
  /** Gives a file or directory another place; a file that is there is replaced. */
  rename(from: string, to: string): void;
  open(path: string, mode: FileMode): FileHandle;
  /** Path of the machine behind a path, for what the platform reads by itself; absent when there are no such files. */
  systemPath?(path: string): string;
}

/** How a file is opened: to read, to write anew, to write anew unless it is there, to append, to read and write what is there. */
export type FileMode = "r" | "w" | "wx" | "a" | "r+";

/** Resource type of file systems. */
export const FileSystemResource = defineResource<FileSystem>("fs");
