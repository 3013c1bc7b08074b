/**
 * A directory as a file system that nothing leaves.
 *
 * D1. Every operation works on a resolved path below the resolved root: links are followed before the check, also links in
 *     the middle of a path and links to what does not exist yet.
 * D2. A failure names the path inside the file system, never the one on the machine.
 */
import { Failure, type FailureKind, FILE_READ_BYTES_MAX, treePath } from "../../core/mod.ts";
import type { FileHandle, FileInfo, FileMode, Files, FileSystem } from "../../ports/mod.ts";
import { directoryMode } from "../file_mode.ts";

const READ_BITS = 0o444;
const WRITE_BITS = 0o222;
const FILE_BITS = 0o666;
/** Links followed for one path; more is a cycle. */
const LINKS_MAX = 40;

/** The file system of `fs.directory`. */
export class DirectoryFileSystem implements FileSystem {
  readonly #files: Files;
  readonly #root: string;
  readonly #mode: number;

  /** `root` must be resolved and exist. `mode` limits what is created, and whether anything is read or written at all. */
  constructor(files: Files, root: string, mode: number) {
    this.#files = files;
    this.#root = root;
    this.#mode = mode;
  }

  get readonly(): boolean {
    return (this.#mode & WRITE_BITS) === 0;
  }

  stat(path: string): FileInfo | undefined {
    const full = this.#readable(path);
    const info = this.#attempt(path, () => this.#files.stat(full));
    return info === undefined ? undefined : { ...info, name: nameOf(path) };
  }

  list(path: string): FileInfo[] {
    const full = this.#readable(path);
    const info = this.#attempt(path, () => this.#files.stat(full));
    if (info === undefined) throw failure("NotFound", `path not found: ${path}`);
    if (!info.isDirectory) throw failure("Invalid", `not a directory: ${path}`);
    return this.#attempt(path, () => this.#files.list(full)).map((entry) => {
      if (!entry.isLink || this.#leadsInside(this.#files.resolve(full, entry.name))) return entry;
      return { name: entry.name, size: 0, mode: 0, modifiedMs: 0, isDirectory: false, isLink: true };
    });
  }

  readFile(path: string): Uint8Array {
    const full = this.#readable(path);
    const info = this.#attempt(path, () => this.#files.stat(full));
    if (info === undefined) throw notThere(path);
    if (info.isDirectory) throw failure("Invalid", `is a directory: ${path}`);
    if (info.size > FILE_READ_BYTES_MAX) {
      throw failure(
        "LimitExceeded",
        `file too large to read at once: ${path} (${info.size} bytes; open it and read parts)`,
      );
    }
    return this.#attempt(path, () => this.#files.readFile(full));
  }

  systemPath(path: string): string {
    return this.#readable(path);
  }

  writeFile(path: string, data: Uint8Array, mode: "w" | "a" | "wx"): void {
    const full = this.#fileToWrite(path, mode);
    this.#attempt(
      path,
      () =>
        this.#files.writeFile(full, data, {
          append: mode === "a",
          exclusive: mode === "wx",
          mode: this.#mode & FILE_BITS,
        }),
    );
  }

  makeDirectory(path: string): void {
    const full = this.#writable(path);
    if (this.#attempt(path, () => this.#files.stat(full)) !== undefined) throw alreadyThere(path);
    this.#attempt(path, () => this.#files.makeDirectory(full, { mode: directoryMode(this.#mode) }));
  }

  remove(path: string): void {
    const full = this.#ownPlace(path);
    this.#attempt(path, () => this.#files.remove(full));
  }

  rename(from: string, to: string): void {
    const [source, target] = [this.#ownPlace(from), this.#ownPlace(to)];
    this.#attempt(from, () => this.#files.rename(source, target));
  }

  open(path: string, mode: FileMode): FileHandle {
    if (mode !== "r") {
      const full = this.#fileToWrite(path, mode);
      return this.#attempt(path, () => this.#files.open(full, mode, this.#mode & FILE_BITS));
    }
    const full = this.#readable(path);
    if (this.#attempt(path, () => this.#files.stat(full)) === undefined) throw notThere(path);
    return this.#attempt(path, () => this.#files.open(full, "r"));
  }

  #fileToWrite(path: string, mode: FileMode): string {
    const full = this.#writable(path);
    const info = this.#attempt(path, () => this.#files.stat(full));
    if (info?.isDirectory) throw failure("Invalid", `is a directory: ${path}`);
    if (info !== undefined && mode === "wx") throw alreadyThere(path);
    return full;
  }

  #readable(path: string): string {
    if ((this.#mode & READ_BITS) === 0) {
      throw failure("PermissionDenied", `the mode of this filesystem forbids reading: ${path}`);
    }
    return this.#locate(this.#files.resolve(this.#root, ...treePath(path)));
  }

  #writable(path: string): string {
    this.#demandWrite(path);
    return this.#locate(this.#files.resolve(this.#root, ...treePath(path)));
  }

  /** Where what has this name is itself: the last part is not followed, so a link is the link. */
  #ownPlace(path: string): string {
    this.#demandWrite(path);
    const parts = treePath(path);
    const name = parts.pop();
    if (name === undefined) throw failure("Invalid", "the root can't be removed or moved");
    return this.#files.resolve(this.#locate(this.#files.resolve(this.#root, ...parts)), name);
  }

  #demandWrite(path: string): void {
    if (this.readonly) throw failure("PermissionDenied", `filesystem is read-only: ${path}`);
  }

  /** Where `full` really is, or would be; refuses what lies outside the root. */
  #locate(full: string): string {
    const real = this.#follow(full, 0);
    if (!this.#isInside(real)) throw failure("Invalid", "path traversal not allowed");
    return real;
  }

  #follow(full: string, links: number): string {
    const real = this.#files.realPath(full);
    if (real !== undefined) return real;
    if (links > LINKS_MAX) throw failure("Invalid", "too many symbolic links");
    const parent = this.#files.directory(full);
    if (parent === full) return full;
    const realParent = this.#follow(parent, links);
    const name = full.slice(parent.endsWith("/") ? parent.length : parent.length + 1);
    const here = this.#files.resolve(realParent, name);
    const target = this.#linkOf(here);
    return target === undefined ? here : this.#follow(this.#files.resolve(realParent, target), links + 1);
  }

  /** Target of a link; a path below something that is no directory has none. */
  #linkOf(full: string): string | undefined {
    try {
      return this.#files.readLink(full);
    } catch (error) {
      if (error instanceof Failure && (error.kind === "Invalid" || error.kind === "NotFound")) {
        return undefined;
      }
      throw error;
    }
  }

  #leadsInside(full: string): boolean {
    return this.#isInside(this.#follow(full, 0));
  }

  #isInside(real: string): boolean {
    const root = this.#root === "/" ? "" : this.#root;
    return real === this.#root || real.startsWith(`${root}/`);
  }

  /** Runs a file operation; its failure is told in terms of `path`. */
  #attempt<T>(path: string, act: () => T): T {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw retold(error, path);
    }
  }
}

function nameOf(path: string): string {
  return treePath(path).at(-1) ?? "/";
}

function retold(error: Failure, path: string): Failure {
  const reason = error.message.slice(error.message.lastIndexOf(": ") + 2);
  switch (error.kind) {
    case "NotFound":
      return failure("NotFound", `path not found: ${path}`, error);
    case "AlreadyExists":
      return failure("AlreadyExists", `path already exists: ${path}`, error);
    default:
      return failure(error.kind, `${reason}: ${path}`, error);
  }
}

function notThere(path: string): Failure {
  return failure("NotFound", `failed to open file: ${path}: no such file`);
}

function alreadyThere(path: string): Failure {
  return failure("AlreadyExists", `path already exists: ${path}`);
}

function failure(kind: FailureKind, message: string, cause?: unknown): Failure {
  return new Failure(kind, message, { retryable: false, cause });
}
