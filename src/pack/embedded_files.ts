/** A folder inside a pack as a file system that can only be read. */
import {
  Failure,
  type FailureKind,
  FILE_READ_BYTES_MAX,
  PACK_ENTRIES_BYTES_MAX,
  PACK_FILES_MAX,
  treePath,
  type Value,
} from "../core/mod.ts";
import type { FileHandle, FileInfo, FileMode, FileSystem } from "../ports/mod.ts";
import { damaged, type PackStream } from "./format.ts";
import type { PackFile } from "./pack_file.ts";

const FILE_BITS = 0o444;
const FOLDER_BITS = 0o555;

/** A file, or a folder with what is in it by name. */
type Node =
  | { readonly kind: "file"; readonly stream: PackStream }
  | { readonly kind: "folder"; readonly items: Map<string, Node> };

/** The files that were embedded for one entry. Its list is read when it is first needed. */
export class EmbeddedFileSystem implements FileSystem {
  readonly readonly = true;
  readonly #pack: PackFile;
  readonly #list: PackStream;
  #root: Node | undefined;

  constructor(pack: PackFile, list: PackStream) {
    this.#pack = pack;
    this.#list = list;
  }

  stat(path: string): FileInfo | undefined {
    const parts = treePath(path);
    const node = this.#find(parts);
    return node === undefined ? undefined : this.#infoOf(parts.at(-1) ?? "/", node);
  }

  list(path: string): FileInfo[] {
    const node = this.#find(treePath(path));
    if (node === undefined) throw failure("NotFound", `path not found: ${path}`);
    if (node.kind === "file") throw failure("Invalid", `not a directory: ${path}`);
    return [...node.items].map(([name, item]) => this.#infoOf(name, item));
  }

  readFile(path: string): Uint8Array {
    const stream = this.#file(path);
    if (stream.size > FILE_READ_BYTES_MAX) {
      throw failure(
        "LimitExceeded",
        `file too large to read at once: ${path} (${stream.size} bytes; open it and read parts)`,
      );
    }
    return this.#pack.readAll(stream, FILE_READ_BYTES_MAX, path);
  }

  open(path: string, mode: FileMode): FileHandle {
    if (mode !== "r") throw readOnly(path);
    const stream = this.#file(path);
    const info = this.stat(path)!;
    const readAt = this.#pack.reader(stream);
    let current = 0;
    return {
      read(buffer, position) {
        const count = readAt(position ?? current, buffer);
        if (position === null) current += count;
        return count;
      },
      write: () => refuse(path),
      stat: () => info,
      sync: () => undefined,
      truncate: () => refuse(path),
      close: () => undefined,
    };
  }

  writeFile(path: string): void {
    refuse(path);
  }

  makeDirectory(path: string): void {
    refuse(path);
  }

  remove(path: string): void {
    refuse(path);
  }

  rename(from: string): void {
    refuse(from);
  }

  #file(path: string): PackStream {
    const node = this.#find(treePath(path));
    if (node === undefined) throw failure("NotFound", `failed to open file: ${path}: no such file`);
    if (node.kind === "folder") throw failure("Invalid", `is a directory: ${path}`);
    return node.stream;
  }

  #find(parts: readonly string[]): Node | undefined {
    let node: Node | undefined = this.#root ??= this.#read();
    for (const part of parts) {
      if (node?.kind !== "folder") return undefined;
      node = node.items.get(part);
    }
    return node;
  }

  #infoOf(name: string, node: Node): FileInfo {
    const isDirectory = node.kind === "folder";
    return {
      name,
      size: isDirectory ? 0 : node.stream.size,
      mode: isDirectory ? FOLDER_BITS : FILE_BITS,
      modifiedMs: this.#pack.modifiedMs,
      isDirectory,
      ...(isDirectory ? {} : { tag: this.#pack.tagOf(node.stream) }),
    };
  }

  #read(): Node {
    const root: Node = { kind: "folder", items: new Map() };
    const bytes = this.#pack.readAll(this.#list, PACK_ENTRIES_BYTES_MAX, "a list of files");
    const list = this.#pack.value(bytes);
    if (!Array.isArray(list) || list.length > PACK_FILES_MAX) throw this.#wrong();
    for (const item of list) this.#put(root, item);
    return root;
  }

  /** Takes an item of the list: a path alone is a folder, with a stream behind it a file. Folders stand before what is in them. */
  #put(root: Node, item: Value): void {
    const [path, ...stream] = Array.isArray(item) ? item : [];
    if (typeof path !== "string") throw this.#wrong();
    const parts = path.split("/");
    const name = parts.pop()!;
    let folder: Node | undefined = root;
    for (const part of parts) folder = folder?.kind === "folder" ? folder.items.get(part) : undefined;
    const isName = name !== "" && name !== "." && name !== ".." && !name.includes("\0");
    if (folder?.kind !== "folder" || !isName || folder.items.has(name)) throw this.#wrong();
    const node: Node = stream.length === 0
      ? { kind: "folder", items: new Map() }
      : { kind: "file", stream: this.#pack.stream(stream) };
    folder.items.set(name, node);
  }

  #wrong(): Failure {
    return damaged(this.#pack.name, "a list of files");
  }
}

function refuse(path: string): never {
  throw readOnly(path);
}

function readOnly(path: string): Failure {
  return failure("PermissionDenied", `filesystem is read-only: ${path}`);
}

function failure(kind: FailureKind, message: string): Failure {
  return new Failure(kind, message, { retryable: false });
}
