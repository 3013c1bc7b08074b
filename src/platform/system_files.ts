/**
 * Files of the operating system.
 *
 * F1. What most programs ask for is asked of the system itself where that can be done (`linux_calls.ts`); the library is loaded for the rest,
 *     and for saying what is wrong.
 */
import process from "node:process";
import { asFailure, Failure, type FailureKind } from "../core/mod.ts";
import type { FileHandle, FileInfo, Files, NamedItem } from "../ports/mod.ts";
import { type CallItem, type CallStats, linuxCalls } from "./linux_calls.ts";
import { PATHS } from "./paths.ts";
import { readToEnd } from "./whole_file.ts";

type Library = typeof import("node:fs");

let loaded: Library | undefined;

/** The runtime's own, which takes its time to load. */
function library(): Library {
  return loaded ??= process.getBuiltinModule("node:fs");
}

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

const TYPE_BITS = 0o170000;
const DIRECTORY_TYPE = 0o040000;
const FILE_TYPE = 0o100000;
const LINK_TYPE = 0o120000;

function infoOf(name: string, { mode, mtimeMs, size }: CallStats): FileInfo {
  const type = mode & TYPE_BITS;
  return {
    name,
    size,
    mode: mode & 0o777,
    modifiedMs: mtimeMs,
    isDirectory: type === DIRECTORY_TYPE,
    ...(type === FILE_TYPE || type === DIRECTORY_TYPE ? {} : { isSpecial: true }),
  };
}

/** Facts of what is there, of a link itself when `isLinkMeant`. */
function statsOf(path: string, isLinkMeant = false): CallStats | undefined {
  const stats = linuxCalls()?.stat(path, isLinkMeant);
  if (stats !== undefined) return stats ?? undefined;
  const { lstatSync, statSync } = library();
  return (isLinkMeant ? lstatSync : statSync)(path, { throwIfNoEntry: false });
}

/** What the library tells of a directory's items with their names. */
function itemsOf(path: string): CallItem[] {
  return library().readdirSync(path, { withFileTypes: true }).map((item) => {
    const isKnown = item.isDirectory() || item.isFile();
    return { name: item.name, isDirectory: isKnown ? item.isDirectory() : undefined };
  });
}

class SystemFileHandle implements FileHandle {
  readonly #fd: number;
  readonly #path: string;

  constructor(fd: number, path: string) {
    this.#fd = fd;
    this.#path = path;
  }

  read(buffer: Uint8Array, position: number | null): number {
    return attempt(this.#path, () => library().readSync(this.#fd, buffer, 0, buffer.length, position));
  }

  write(data: Uint8Array, position: number | null): number {
    return attempt(this.#path, () => {
      let done = 0;
      while (done < data.length) {
        done += library().writeSync(
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
    return attempt(this.#path, () => infoOf(PATHS.basename(this.#path), library().fstatSync(this.#fd)));
  }

  sync(): void {
    attempt(this.#path, () => library().fsyncSync(this.#fd));
  }

  truncate(size: number): void {
    attempt(this.#path, () => library().ftruncateSync(this.#fd, size));
  }

  close(): void {
    attempt(this.#path, () => library().closeSync(this.#fd));
  }
}

/** All of a file by the library. */
function readWhole(path: string): Uint8Array<ArrayBuffer> {
  const { closeSync, fstatSync, openSync, readSync } = library();
  const fd = openSync(path, "r");
  try {
    return readToEnd(fstatSync(fd).size, (into) => readSync(fd, into, 0, into.length, null))!;
  } finally {
    closeSync(fd);
  }
}

const TEXT = new TextDecoder("utf-8", { ignoreBOM: true });

/** Synchronous access to the file system. */
export class SystemFiles implements Files {
  readFile(path: string): Uint8Array<ArrayBuffer> {
    return attempt(path, () => linuxCalls()?.readWhole(path) ?? readWhole(path));
  }

  readText(path: string): string {
    return TEXT.decode(this.readFile(path));
  }

  writeFile(
    path: string,
    data: Uint8Array | string,
    options: { mode?: number; append?: boolean; exclusive?: boolean } = {},
  ): void {
    const flag = options.exclusive ? "wx" : options.append ? "a" : "w";
    attempt(path, () => library().writeFileSync(path, data, { flag, mode: options.mode }));
  }

  stat(path: string): FileInfo | undefined {
    return attempt(path, () => {
      const stats = statsOf(path);
      return stats === undefined ? undefined : infoOf(PATHS.basename(path), stats);
    });
  }

  list(path: string): FileInfo[] {
    return attempt(path, () => {
      const found: FileInfo[] = [];
      const names = linuxCalls()?.items(path)?.map(({ name }) => name) ?? library().readdirSync(path);
      for (const name of names.sort()) {
        const file = `${path}/${name}`;
        // A dangling link is listed as what it is itself; a file that vanished meanwhile is not listed.
        const own = statsOf(file, true);
        if (own === undefined) continue;
        if ((own.mode & TYPE_BITS) !== LINK_TYPE) found.push(infoOf(name, own));
        else found.push({ ...infoOf(name, statsOf(file) ?? own), isLink: true });
      }
      return found;
    });
  }

  names(path: string): NamedItem[] {
    return attempt(path, () => {
      const told = new Map<string, boolean | undefined>();
      for (const { name, isDirectory } of linuxCalls()?.items(path) ?? itemsOf(path)) {
        told.set(name, isDirectory);
      }
      const found: NamedItem[] = [];
      for (const name of [...told.keys()].sort()) {
        const isDirectory = told.get(name);
        const file = `${path}/${name}`;
        if (isDirectory !== undefined) found.push({ name, isDirectory });
        else if (statsOf(file, true) !== undefined) {
          const type = (statsOf(file)?.mode ?? 0) & TYPE_BITS;
          found.push({ name, isDirectory: type === DIRECTORY_TYPE });
        }
      }
      return found;
    });
  }

  makeDirectory(path: string, options: { recursive?: boolean; mode?: number } = {}): void {
    attempt(path, () => library().mkdirSync(path, options));
  }

  remove(path: string, options: { recursive?: boolean } = {}): void {
    attempt(path, () => {
      if (options.recursive) library().rmSync(path, { recursive: true, force: false });
      else if (library().lstatSync(path).isDirectory()) library().rmdirSync(path);
      else library().unlinkSync(path);
    });
  }

  rename(from: string, to: string): void {
    attempt(from, () => library().renameSync(from, to));
  }

  realPath(path: string): string | undefined {
    const real = linuxCalls()?.realPath(path);
    if (real !== undefined) return real ?? undefined;
    try {
      return library().realpathSync(path);
    } catch (error) {
      const failure = fileFailure(error, path);
      if (failure.kind === "NotFound" || failure.kind === "Invalid") return undefined;
      throw failure;
    }
  }

  readLink(path: string): string | undefined {
    return attempt(path, () => {
      const isLink = ((statsOf(path, true)?.mode ?? 0) & TYPE_BITS) === LINK_TYPE;
      return isLink ? library().readlinkSync(path) : undefined;
    });
  }

  open(path: string, flags: "r" | "w" | "a" | "wx" | "r+", mode?: number): FileHandle {
    return attempt(path, () => {
      const fd = library().openSync(path, flags, mode);
      if (library().fstatSync(fd).isDirectory()) {
        library().closeSync(fd);
        throw new Failure("Invalid", `${path}: is a directory`, { retryable: false });
      }
      return new SystemFileHandle(fd, path);
    });
  }

  resolve(...parts: string[]): string {
    return PATHS.resolve(...parts);
  }

  directory(path: string): string {
    return PATHS.dirname(path);
  }

  workingDirectory(): string {
    return process.cwd();
  }
}
