/** The `fs.File` object: an open file with a position of its own. */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineObject, type ObjectDefinition } from "../../src/lua/mod.ts";
import type { ByteStream, FileHandle, FileInfo, FileMode } from "../../src/ports/mod.ts";
import { type LuaValue, type NativeResult, Values } from "../../src/vm/mod.ts";
import { Scanner, type Split, SPLITS } from "./scanner.ts";

const READ_DEFAULT = 4096;
/** A read asks for at most this much at a time, whatever the script says: memory is taken before the size is known. */
const READ_MAX = 16 * 1024 * 1024;
const SCAN_PART = 16 * 1024;
const WHENCES = ["set", "cur", "end"] as const;

type Whence = (typeof WHENCES)[number];

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

/** An open file; also a stream for whoever copies to or from it. */
export class OpenFile implements ByteStream {
  readonly #mode: FileMode;
  #handle: FileHandle | undefined;
  #position = 0;

  constructor(handle: FileHandle, mode: FileMode) {
    this.#handle = handle;
    this.#mode = mode;
  }

  get closed(): boolean {
    return this.#handle === undefined;
  }

  get size(): number {
    return this.#open().stat().size;
  }

  get position(): number {
    return this.#mode === "a" ? this.size : this.#position;
  }

  read(size: number): Uint8Array | null {
    const handle = this.#open();
    if (this.#mode !== "r") throw invalid("file is not open for reading");
    const buffer = new Uint8Array(Math.min(size, READ_MAX));
    const count = handle.read(buffer, this.#position);
    if (count === 0) return null;
    this.#position += count;
    return buffer.subarray(0, count);
  }

  write(data: Uint8Array): number {
    const handle = this.#open();
    if (this.#mode === "r") throw invalid("file is not open for writing");
    // Appending is the system's business: others may append too.
    const count = handle.write(data, this.#mode === "a" ? null : this.#position);
    this.#position += count;
    return count;
  }

  seek(whence: Whence, offset: number): number {
    const from = whence === "set" ? 0 : whence === "cur" ? this.position : this.size;
    const target = from + offset;
    if (!Number.isSafeInteger(target) || target < 0) {
      throw invalid("invalid seek: the position would be negative");
    }
    this.#open();
    return this.#position = target;
  }

  flush(): void {
    this.#open().sync();
  }

  stat(): FileInfo {
    return this.#open().stat();
  }

  close(): void {
    const handle = this.#open();
    this.#handle = undefined;
    handle.close();
  }

  #open(): FileHandle {
    if (this.#handle === undefined) throw invalid("file is closed");
    return this.#handle;
  }
}

/** What scripts see of a file's facts. */
export function infoTable(info: FileInfo): LuaValue {
  return {
    name: info.name,
    size: info.size,
    mode: info.mode,
    modified: Math.floor(info.modifiedMs / 1000),
    is_dir: info.isDirectory,
    type: info.isDirectory ? "directory" : "file",
  };
}

function read(call: Call): LuaValue {
  const file = call.self(fileObject);
  const size = call.count < 2 || call.type(2) === "nil" ? READ_DEFAULT : call.number(2);
  if (file.closed) throw invalid("file is closed");
  if (!(size >= 1)) throw invalid("size must be positive");
  const data = file.read(Math.floor(size));
  if (data === null) throw new Failure("NotFound", "EOF", { retryable: false });
  return data;
}

function seek(call: Call): LuaValue {
  const file = call.self(fileObject);
  const whence = call.count < 2 || call.type(2) === "nil" ? "cur" : call.string(2);
  const offset = call.count < 3 || call.type(3) === "nil" ? 0 : call.number(3);
  if (!WHENCES.includes(whence as Whence)) throw invalid("invalid whence: must be 'set', 'cur' or 'end'");
  return file.seek(whence as Whence, Math.trunc(offset));
}

function scanner(call: Call): NativeResult {
  const file = call.self(fileObject);
  const split = call.count < 2 || call.type(2) === "nil" ? "lines" : call.string(2);
  if (!SPLITS.includes(split as Split)) {
    throw invalid(`invalid split: must be ${SPLITS.map((name) => `'${name}'`).join(", ")}`);
  }
  if (file.closed) throw invalid("file is closed");
  return call.create(scannerObject, new Scanner(() => file.read(SCAN_PART), split as Split));
}

/** Splits a file into tokens. */
export const scannerObject: ObjectDefinition<Scanner> = defineObject<Scanner>({
  name: "fs.Scanner",
  methods: {
    scan: (call) => {
      const self = call.self(scannerObject);
      const found = self.scan();
      return self.error === undefined ? found : new Values([false, call.error(self.error)]);
    },
    text: (call) => call.self(scannerObject).token,
    err: (call) => {
      const { error } = call.self(scannerObject);
      return error === undefined ? null : call.error(error);
    },
  },
  tostring: () => "fs.Scanner{}",
});

/** An open file. It is closed when Lua drops it or its process ends. */
export const fileObject: ObjectDefinition<OpenFile> = defineObject<OpenFile>({
  name: "fs.File",
  reader: (file) => file,
  methods: {
    read,
    seek,
    scanner,
    write: (call) => call.self(fileObject).write(call.view(2)),
    stat: (call) => infoTable(call.self(fileObject).stat()),
    sync: (call) => {
      call.self(fileObject).flush();
      return true;
    },
    close: (call) => {
      call.self(fileObject).close();
      return true;
    },
  },
  tostring: (file) => file.closed ? "fs.File{closed}" : "fs.File{}",
  release: (file) => {
    if (!file.closed) file.close();
  },
});
