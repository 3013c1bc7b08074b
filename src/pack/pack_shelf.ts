/**
 * The packs of one application: the one it is, or those of its modules.
 *
 * PS1. A pack is opened once and stays open. PS2. What several packs have under one id or hash is that of the pack opened last; code with
 *      one hash is the same code.
 */
import {
  Failure,
  isValueMap,
  PACK_CHUNK_BYTES_MAX,
  PACK_ENTRIES_BYTES_MAX,
  type ValueMap,
} from "../core/mod.ts";
import type { FileSystem, PackContents, PackedChunk } from "../ports/mod.ts";
import type { ModulePacks, PackedModule } from "../registry/mod.ts";
import { EmbeddedFileSystem } from "./embedded_files.ts";
import { damaged, type PackStream } from "./format.ts";
import { PackFile, type PackPorts } from "./pack_file.ts";
import { decodeFacts, decodeParts, type PackFacts } from "./snapshot.ts";

/** A folder that a pack holds. */
export interface PackedFolder {
  readonly id: string;
  readonly files: number;
  readonly size: number;
}

/** A pack as a whole. */
export interface OpenPack {
  readonly file: PackFile;
  readonly facts: PackFacts;
  /** Configuration it brings, lowest of all. */
  readonly runtime: ValueMap | undefined;
  readonly folders: readonly PackedFolder[];
  /** Hashes of the compiled code in it. */
  readonly chunks: readonly string[];
  /** What can run that code. */
  readonly machines: ReadonlySet<string>;
  /** Its entries by module; `shownIn` stands before the names of its files. */
  parts(shownIn?: string): ReadonlyMap<string, PackedModule>;
}

interface Located {
  readonly file: PackFile;
  readonly stream: PackStream;
}

/** Opens packs and finds what is in them. */
export class PackShelf implements PackContents, ModulePacks {
  readonly #ports: PackPorts;
  readonly #open = new Map<string, OpenPack>();
  readonly #folders = new Map<string, Located>();
  readonly #chunks = new Map<string, Located & { readonly machine: string }>();

  constructor(ports: PackPorts) {
    this.#ports = ports;
  }

  /** Whether nothing of a pack has been read. */
  get isEmpty(): boolean {
    return this.#open.size === 0;
  }

  /** Opens a pack; fails with NotFound or Invalid. `name` is for messages. */
  open(path: string, name: string): OpenPack {
    const facts = this.#ports.files.stat(path);
    const key = `${path}\0${facts?.size}\0${facts?.modifiedMs}`;
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const file = PackFile.open(this.#ports, path, name);
    try {
      const opened = this.#read(file);
      this.#open.set(key, opened);
      return opened;
    } catch (error) {
      file.close();
      throw error;
    }
  }

  module(path: string, shown: string): PackedModule {
    const pack = this.open(path, shown);
    const { placed } = pack.parts(`${shown}/`).get("")!;
    return { name: pack.facts.module, version: pack.facts.version, placed };
  }

  embedded(id: string): FileSystem | undefined {
    const found = this.#folders.get(id);
    return found === undefined ? undefined : new EmbeddedFileSystem(found.file, found.stream);
  }

  chunk(hash: string): PackedChunk | undefined {
    const found = this.#chunks.get(hash);
    return found && { machine: found.machine, read: () => this.#readChunk(found, hash) };
  }

  #readChunk(found: Located, hash: string): Uint8Array {
    const bytes = found.file.readAll(found.stream, PACK_CHUNK_BYTES_MAX, "compiled code");
    const actual = this.#ports.cryptography.digest("sha256", bytes).toHex();
    if (actual !== hash) throw damaged(found.file.name, "compiled code");
    return bytes;
  }

  /** Closes all packs; nothing of them can be read any more. */
  close(): void {
    for (const { file } of this.#open.values()) file.close();
    this.#open.clear();
    this.#folders.clear();
    this.#chunks.clear();
  }

  #read(file: PackFile): OpenPack {
    const { entries, facts, runtime } = file.index;
    const stream = file.stream(entries);
    const folders: PackedFolder[] = [];
    for (const [id, item] of tableOf(file, "folders")) {
      const [list, files, size] = Array.isArray(item) ? item : [];
      folders.push({ id, files: Number(files), size: Number(size) });
      this.#folders.set(id, { file, stream: file.stream(list) });
    }
    const chunks: string[] = [];
    const machines = new Set<string>();
    for (const [hash, item] of tableOf(file, "chunks")) {
      const [machine, code] = Array.isArray(item) ? item : [];
      if (typeof machine !== "string") throw damaged(file.name, "a part of its index");
      chunks.push(hash);
      machines.add(machine);
      this.#chunks.set(hash, { file, machine, stream: file.stream(code) });
    }
    return {
      file,
      facts: decodeFacts(facts),
      runtime: isValueMap(runtime) ? runtime : undefined,
      folders,
      chunks,
      machines,
      parts: (shownIn) =>
        decodeParts(file, file.value(file.readAll(stream, PACK_ENTRIES_BYTES_MAX, "entries")), shownIn),
    };
  }
}

function tableOf(file: PackFile, name: string) {
  const table = file.index[name];
  if (!isValueMap(table)) throw damaged(file.name, "a part of its index");
  return Object.entries(table);
}

/** Compares every checksum of a pack; fails with Invalid when one differs. */
export function verifyPack({ file, folders, chunks, parts }: OpenPack, shelf: PackShelf): void {
  parts();
  for (const hash of chunks) shelf.chunk(hash)?.read();
  const buffer = new Uint8Array(VERIFY_BYTES);
  for (const { id } of folders) {
    const files = shelf.embedded(id);
    if (files === undefined) throw new Failure("Internal", `${file.name}: ${id} is not in the pack`);
    verifyFolder(files, "", buffer);
  }
}

const VERIFY_BYTES = 1024 * 1024;

function verifyFolder(files: FileSystem, folder: string, buffer: Uint8Array): void {
  for (const { name, isDirectory } of files.list(folder)) {
    const path = `${folder}/${name}`;
    if (isDirectory) verifyFolder(files, path, buffer);
    else {
      const handle = files.open(path, "r");
      while (handle.read(buffer, null) > 0);
    }
  }
}
