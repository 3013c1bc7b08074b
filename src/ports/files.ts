/** Files of the operating system, as everything but `src/platform` sees them. */

/** Facts of one file or directory. */
export interface FileInfo {
  name: string;
  size: number;
  /** Permission bits. */
  mode: number;
  modifiedMs: number;
  isDirectory: boolean;
  /** Another one for another content, where that is known without reading the file. */
  tag?: string;
  /** In listings: true for a symbolic link; the other facts are those of what it points at. */
  isLink?: boolean;
  /** True for what is neither a file nor a directory: a pipe, a socket, a device. */
  isSpecial?: boolean;
}

/** A name in a directory. */
export type NamedItem = Pick<FileInfo, "name" | "isDirectory">;

/** An open file. */
export interface FileHandle {
  /** Reads up to `buffer.length` bytes at `position` (null: current); 0 at the end. */
  read(buffer: Uint8Array, position: number | null): number;
  write(data: Uint8Array, position: number | null): number;
  stat(): FileInfo;
  sync(): void;
  truncate(size: number): void;
  close(): void;
}

/**
 * Synchronous file access by absolute path. Failures are `Failure`s: NotFound, AlreadyExists, PermissionDenied, Invalid
 * (a directory where a file is needed, or the reverse), Internal.
 */
export interface Files {
  readFile(path: string): Uint8Array;
  readText(path: string): string;
  writeFile(
    path: string,
    data: Uint8Array | string,
    options?: { mode?: number; append?: boolean; exclusive?: boolean },
  ): void;
  stat(path: string): FileInfo | undefined;
  list(path: string): FileInfo[];
  /** The names in a directory, sorted, and which of them are directories, links followed: less than `list` tells, for less. */
  names(path: string): NamedItem[];
  makeDirectory(path: string, options?: { recursive?: boolean; mode?: number }): void;
  remove(path: string, options?: { recursive?: boolean }): void;
  rename(from: string, to: string): void;
  /** Resolves symbolic links; undefined when the path does not exist. */
  realPath(path: string): string | undefined;
  /** What a symbolic link points at, as written in it; undefined for anything else. */
  readLink(path: string): string | undefined;
  open(path: string, flags: "r" | "w" | "a" | "wx" | "r+", mode?: number): FileHandle;
  /** Absolute, normalised path of `parts`. */
  resolve(...parts: string[]): string;
  /** Directory part of a path. */
  directory(path: string): string;
  workingDirectory(): string;
}
