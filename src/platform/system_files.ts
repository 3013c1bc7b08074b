/** Files of the operating system. */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import process from "node:process";
import { asFailure, Failure, type FailureKind } from "../core/mod.ts";
import type { FileHandle, FileInfo, Files } from "../ports/mod.ts";

const KINDS: Record<string, FailureKind> = {
  ENOENT: "NotFound",
  EEXIST: "AlreadyExists",
  EACCES: "PermissionDenied",
  EPERM: "PermissionDenied",
  EROFS: "PermissionDenied",
  EISDIR: "Invalid",
  ENOTDIR: "Invalid",
  ENOTEMPTY: "Invalid",
  ENAMETOOLONG: "Invalid",
  ELOOP: "Invalid",
};

const WORDS: Record<string, string> = {
  ENOENT: "no such file or directory",
  EEXIST: "already exists",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EROFS: "read-only file system",
  EISDIR: "is a directory",
  ENOTDIR: "not a directory",
  ENOTEMPTY: "directory not empty",
  ENAMETOOLONG: "name too long",
  ELOOP: "too many symbolic links",
  ENOSPC: "no space left on device",
  EMFILE: "too many open files",
};

/** The failure of a file operation on `path`. */
function fileFailure(error: unknown, path: string): Failure {
  const code = (error as { code?: string }).code ?? "";
  const kind = KINDS[code];
  if (kind === undefined && WORDS[code] === undefined) return asFailure(error);
  return new Failure(kind ?? "Internal", `${path}: ${WORDS[code] ?? code}`, {
    cause: error,
    retryable: false,
  });
}

function attempt<T>(path: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw fileFailure(error, path);
  }
}

interface Stats {
  size: number;
  mode: number;
  mtimeMs: number;
  isDirectory(): boolean;
  isFile(): boolean;
}

function infoOf(name: string, stats: Stats): FileInfo {
  return {
    name,
    size: stats.size,
    mode: stats.mode & 0o777,
    modifiedMs: stats.mtimeMs,
    isDirectory: stats.isDirectory(),
    ...(stats.isFile() || stats.isDirectory() ? {} : { isSpecial: true }),
  };
}

class SystemFileHandle implements FileHandle {
  readonly #fd: number;
  readonly #path: string;

  constructor(fd: number, path: string) {
    this.#fd = fd;
    this.#path = path;
  }

  read(buffer: Uint8Array, position: number | null): number {
    return attempt(this.#path, () => readSync(this.#fd, buffer, 0, buffer.length, position));
  }

  write(data: Uint8Array, position: number | null): number {
    return attempt(this.#path, () => {
      let done = 0;
      while (done < data.length) {
        done += writeSync(
          this.#fd,
          data,
          done,
          data.length - done,
          position === null ? null : position + done,
        );
      }
      return done;
    });
  }

  stat(): FileInfo {
    return attempt(this.#path, () => infoOf(basename(this.#path), fstatSync(this.#fd)));
  }

  sync(): void {
    attempt(this.#path, () => fsyncSync(this.#fd));
  }

  truncate(size: number): void {
    attempt(this.#path, () => ftruncateSync(this.#fd, size));
  }

  close(): void {
    attempt(this.#path, () => closeSync(this.#fd));
  }
}

/** All of a file, read at its size: the library reads into a buffer first that is larger than most files. */
function readWhole(path: string): Uint8Array {
  const fd = openSync(path, "r");
  try {
    // One more, so that the end shows with the second read; files of the system say that they have no size.
    let bytes = new Uint8Array(fstatSync(fd).size + 1);
    let length = 0;
    for (;;) {
      const read = readSync(fd, bytes, length, bytes.length - length, null);
      if (read === 0) return bytes.subarray(0, length);
      length += read;
      if (length < bytes.length) continue;
      const grown = new Uint8Array(Math.max(bytes.length * 2, GROWN_MIN));
      grown.set(bytes);
      bytes = grown;
    }
  } finally {
    closeSync(fd);
  }
}

/** What a file that is larger than it said is given at least. */
const GROWN_MIN = 4096;

/** Synchronous access to the file system. */
export class SystemFiles implements Files {
  readFile(path: string): Uint8Array {
    return attempt(path, () => readWhole(path));
  }

  readText(path: string): string {
    return attempt(path, () => readFileSync(path, "utf8"));
  }

  writeFile(
    path: string,
    data: Uint8Array | string,
    options: { mode?: number; append?: boolean; exclusive?: boolean } = {},
  ): void {
    const flag = options.exclusive ? "wx" : options.append ? "a" : "w";
    attempt(path, () => writeFileSync(path, data, { flag, mode: options.mode }));
  }

  stat(path: string): FileInfo | undefined {
    return attempt(path, () => {
      const stats = statSync(path, { throwIfNoEntry: false });
      return stats === undefined ? undefined : infoOf(basename(path), stats);
    });
  }

  list(path: string): FileInfo[] {
    return attempt(path, () => {
      const found: FileInfo[] = [];
      for (const name of readdirSync(path).sort()) {
        const file = join(path, name);
        // A dangling link is listed as what it is itself; a file that vanished meanwhile is not listed.
        const own = lstatSync(file, { throwIfNoEntry: false });
        if (own === undefined) continue;
        if (!own.isSymbolicLink()) found.push(infoOf(name, own));
        else {
          found.push({ ...infoOf(name, statSync(file, { throwIfNoEntry: false }) ?? own), isLink: true });
        }
      }
      return found;
    });
  }

  makeDirectory(path: string, options: { recursive?: boolean; mode?: number } = {}): void {
    attempt(path, () => mkdirSync(path, options));
  }

  remove(path: string, options: { recursive?: boolean } = {}): void {
    attempt(path, () => {
      if (options.recursive) rmSync(path, { recursive: true, force: false });
      else if (lstatSync(path).isDirectory()) rmdirSync(path);
      else unlinkSync(path);
    });
  }

  rename(from: string, to: string): void {
    attempt(from, () => renameSync(from, to));
  }

  realPath(path: string): string | undefined {
    try {
      return realpathSync(path);
    } catch (error) {
      const failure = fileFailure(error, path);
      if (failure.kind === "NotFound" || failure.kind === "Invalid") return undefined;
      throw failure;
    }
  }

  readLink(path: string): string | undefined {
    return attempt(path, () => {
      const stats = lstatSync(path, { throwIfNoEntry: false });
      return stats?.isSymbolicLink() ? readlinkSync(path) : undefined;
    });
  }

  open(path: string, flags: "r" | "w" | "a" | "wx" | "r+", mode?: number): FileHandle {
    return attempt(path, () => {
      const fd = openSync(path, flags, mode);
      if (fstatSync(fd).isDirectory()) {
        closeSync(fd);
        throw new Failure("Invalid", `${path}: is a directory`, { retryable: false });
      }
      return new SystemFileHandle(fd, path);
    });
  }

  resolve(...parts: string[]): string {
    return resolve(...parts);
  }

  directory(path: string): string {
    return dirname(path);
  }

  workingDirectory(): string {
    return process.cwd();
  }
}
