/**
 * Files in memory, with the failures of real ones.
 *
 * Paths are absolute with `/`; there are no symbolic links, and permission bits are kept but not enforced. An open file
 * stays readable after it was removed or replaced, as on a real system.
 */
import { Failure } from "../../core/mod.ts";
import type { Clock, FileHandle, FileInfo, Files, NamedItem } from "../../ports/mod.ts";

interface FileNode {
  readonly type: "file";
  data: Uint8Array;
  mode: number;
  modifiedMs: number;
}

interface DirectoryNode {
  readonly type: "directory";
  readonly children: Map<string, Node>;
  mode: number;
  modifiedMs: number;
}

type Node = FileNode | DirectoryNode;

const FILE_MODE = 0o644;
const DIRECTORY_MODE = 0o755;

/** A file system of its own. */
export class SimulatedFiles implements Files {
  readonly #clock: Clock;
  readonly #root: DirectoryNode;
  readonly #working: string;

  constructor(clock: Clock, workingDirectory = "/") {
    this.#clock = clock;
    this.#root = this.#newDirectory(DIRECTORY_MODE);
    this.#working = normalise(workingDirectory, "/");
    this.makeDirectory(this.#working, { recursive: true });
  }

  readFile(path: string): Uint8Array {
    return this.#file(path).data.slice();
  }

  readText(path: string): string {
    return new TextDecoder().decode(this.#file(path).data);
  }

  writeFile(
    path: string,
    data: Uint8Array | string,
    options: { mode?: number; append?: boolean; exclusive?: boolean } = {},
  ): void {
    const handle = this.open(path, options.exclusive ? "wx" : options.append ? "a" : "w", options.mode);
    handle.write(typeof data === "string" ? new TextEncoder().encode(data) : data, null);
  }

  stat(path: string): FileInfo | undefined {
    const node = this.#find(path);
    return node === undefined ? undefined : infoOf(nameOf(this.resolve(path)), node);
  }

  list(path: string): FileInfo[] {
    const { children } = this.#directory(path);
    return [...children.keys()].sort().map((name) => infoOf(name, children.get(name)!));
  }

  names(path: string): NamedItem[] {
    return this.list(path).map(({ isDirectory, name }) => ({ name, isDirectory }));
  }

  makeDirectory(path: string, options: { recursive?: boolean; mode?: number } = {}): void {
    const full = this.resolve(path);
    const existing = this.#find(full);
    if (existing !== undefined) {
      if (options.recursive && existing.type === "directory") return;
      throw failure("AlreadyExists", path, "already exists");
    }
    const parent = parentOf(full);
    if (options.recursive && this.#find(parent) === undefined) this.makeDirectory(parent, options);
    const directory = this.#directory(parent);
    directory.children.set(nameOf(full), this.#newDirectory(options.mode ?? DIRECTORY_MODE));
    directory.modifiedMs = this.#clock.nowMs();
  }

  remove(path: string, options: { recursive?: boolean } = {}): void {
    const full = this.resolve(path);
    const node = this.#find(full);
    if (node === undefined) throw failure("NotFound", path, "no such file or directory");
    if (full === "/") throw failure("PermissionDenied", path, "operation not permitted");
    if (node.type === "directory" && node.children.size > 0 && !options.recursive) {
      throw failure("Invalid", path, "directory not empty");
    }
    const parent = this.#directory(parentOf(full));
    parent.children.delete(nameOf(full));
    parent.modifiedMs = this.#clock.nowMs();
  }

  rename(from: string, to: string): void {
    const source = this.resolve(from);
    const target = this.resolve(to);
    const node = this.#find(source);
    if (node === undefined) throw failure("NotFound", from, "no such file or directory");
    if (source === target) return;
    if (target.startsWith(source === "/" ? "/" : `${source}/`)) {
      throw failure("Invalid", from, "invalid argument");
    }
    const into = this.#directory(parentOf(target));
    const existing = into.children.get(nameOf(target));
    if (existing !== undefined) {
      if (existing.type === "directory" && node.type === "file") {
        throw failure("Invalid", from, "is a directory");
      }
      if (existing.type === "file" && node.type === "directory") {
        throw failure("Invalid", from, "not a directory");
      }
      if (existing.type === "directory" && existing.children.size > 0) {
        throw failure("Invalid", from, "directory not empty");
      }
    }
    const out = this.#directory(parentOf(source));
    out.children.delete(nameOf(source));
    into.children.set(nameOf(target), node);
    out.modifiedMs = into.modifiedMs = this.#clock.nowMs();
  }

  realPath(path: string): string | undefined {
    return this.#find(path) === undefined ? undefined : this.resolve(path);
  }

  readLink(_path: string): string | undefined {
    return undefined;
  }

  open(path: string, flags: "r" | "w" | "a" | "wx" | "r+", mode = FILE_MODE): FileHandle {
    const full = this.resolve(path);
    const existing = this.#find(full);
    if (existing?.type === "directory") throw failure("Invalid", path, "is a directory");
    if (existing !== undefined && flags === "wx") throw failure("AlreadyExists", path, "already exists");
    if (existing === undefined && (flags === "r" || flags === "r+")) {
      throw failure("NotFound", path, "no such file or directory");
    }
    let node = existing;
    if (node === undefined) {
      const parent = this.#directory(parentOf(full));
      node = { type: "file", data: new Uint8Array(0), mode, modifiedMs: this.#clock.nowMs() };
      parent.children.set(nameOf(full), node);
      parent.modifiedMs = this.#clock.nowMs();
    } else if (flags === "w") {
      node.data = new Uint8Array(0);
      node.modifiedMs = this.#clock.nowMs();
    }
    return new SimulatedFileHandle(this.#clock, node, nameOf(full), flags);
  }

  resolve(...parts: string[]): string {
    return parts.reduce((base, part) => normalise(part, base), this.#working);
  }

  directory(path: string): string {
    const trimmed = path.length > 1 ? path.replace(/\/+$/, "") : path;
    const slash = trimmed.lastIndexOf("/");
    return slash < 0 ? "." : slash === 0 ? "/" : trimmed.slice(0, slash);
  }

  workingDirectory(): string {
    return this.#working;
  }

  #newDirectory(mode: number): DirectoryNode {
    return { type: "directory", children: new Map(), mode, modifiedMs: this.#clock.nowMs() };
  }

  /** The node at a path; fails with Invalid when the path leads through a file. */
  #find(path: string): Node | undefined {
    let node: Node = this.#root;
    for (const name of this.resolve(path).split("/")) {
      if (name === "") continue;
      if (node.type === "file") throw failure("Invalid", path, "not a directory");
      const child: Node | undefined = node.children.get(name);
      if (child === undefined) return undefined;
      node = child;
    }
    return node;
  }

  #file(path: string): FileNode {
    const node = this.#find(path);
    if (node === undefined) throw failure("NotFound", path, "no such file or directory");
    if (node.type === "directory") throw failure("Invalid", path, "is a directory");
    return node;
  }

  #directory(path: string): DirectoryNode {
    const node = this.#find(path);
    if (node === undefined) throw failure("NotFound", path, "no such file or directory");
    if (node.type === "file") throw failure("Invalid", path, "not a directory");
    return node;
  }
}

class SimulatedFileHandle implements FileHandle {
  readonly #clock: Clock;
  readonly #node: FileNode;
  readonly #name: string;
  readonly #flags: string;
  #position = 0;
  #closed = false;

  constructor(clock: Clock, node: FileNode, name: string, flags: string) {
    this.#clock = clock;
    this.#node = node;
    this.#name = name;
    this.#flags = flags;
  }

  read(buffer: Uint8Array, position: number | null): number {
    this.#check(this.#flags === "r" || this.#flags === "r+");
    const from = position ?? this.#position;
    const part = this.#node.data.subarray(from, from + buffer.length);
    buffer.set(part);
    if (position === null) this.#position += part.length;
    return part.length;
  }

  write(data: Uint8Array, position: number | null): number {
    this.#check(this.#flags !== "r");
    const node = this.#node;
    const at = this.#flags === "a" ? node.data.length : position ?? this.#position;
    const end = at + data.length;
    if (end > node.data.length) node.data = grown(node.data, end);
    node.data.set(data, at);
    node.modifiedMs = this.#clock.nowMs();
    if (position === null) this.#position = end;
    return data.length;
  }

  stat(): FileInfo {
    this.#check(true);
    return infoOf(this.#name, this.#node);
  }

  sync(): void {
    this.#check(true);
  }

  truncate(size: number): void {
    this.#check(this.#flags !== "r");
    this.#node.data = grown(this.#node.data.subarray(0, size), size);
    this.#node.modifiedMs = this.#clock.nowMs();
  }

  close(): void {
    this.#check(true);
    this.#closed = true;
  }

  #check(permitted: boolean): void {
    if (this.#closed || !permitted) throw new Failure("Internal", `${this.#name}: bad file descriptor`);
  }
}

function grown(data: Uint8Array, size: number): Uint8Array {
  const larger = new Uint8Array(size);
  larger.set(data);
  return larger;
}

function infoOf(name: string, node: Node): FileInfo {
  return {
    name,
    size: node.type === "file" ? node.data.length : 0,
    mode: node.mode,
    modifiedMs: node.modifiedMs,
    isDirectory: node.type === "directory",
  };
}

function failure(
  kind: "NotFound" | "AlreadyExists" | "Invalid" | "PermissionDenied",
  path: string,
  text: string,
): Failure {
  return new Failure(kind, `${path}: ${text}`, { retryable: false });
}

function normalise(path: string, working: string): string {
  const names: string[] = [];
  for (const name of (path.startsWith("/") ? path : `${working}/${path}`).split("/")) {
    if (name === "" || name === ".") continue;
    if (name === "..") names.pop();
    else names.push(name);
  }
  return `/${names.join("/")}`;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}
