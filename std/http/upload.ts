/**
 * Uploaded files: kept in memory while there is room, in a temporary file otherwise.
 *
 * U1. Memory is counted over all files of a form. U2. A temporary file is removed when its call ends.
 */
import { Failure, joinBytes } from "../../src/core/mod.ts";
import type { ByteStream, FileHandle, Ports } from "../../src/ports/mod.ts";
import type { PartHeaders, PartSink } from "./multipart.ts";

/** Bytes that the files of one form may still keep in memory. */
export interface MemoryBudget {
  bytesLeft: number;
}

const NAME_BYTES = 12;

/** One uploaded file; a sink while it arrives. */
export class Upload implements PartSink {
  readonly name: string;
  readonly headers: PartHeaders;
  size = 0;
  readonly #ports: Ports;
  readonly #budget: MemoryBudget;
  #chunks: Uint8Array[] = [];
  #path: string | undefined;
  #file: FileHandle | undefined;

  constructor(name: string, headers: PartHeaders, ports: Ports, budget: MemoryBudget) {
    this.name = name;
    this.headers = headers;
    this.#ports = ports;
    this.#budget = budget;
  }

  write(data: Uint8Array): void {
    this.size += data.length;
    if (this.#file === undefined && this.#budget.bytesLeft < data.length) this.#spill();
    if (this.#file !== undefined) {
      this.#file.write(data, null);
      return;
    }
    this.#budget.bytesLeft -= data.length;
    // The parser reuses what it reads.
    this.#chunks.push(data.slice());
  }

  #spill(): void {
    const { files, random } = this.#ports;
    const directory = this.#ports.osVariable("TMPDIR") ?? this.#ports.osVariable("TEMP") ?? "/tmp";
    files.makeDirectory(directory, { recursive: true });
    const name = [...random.bytes(NAME_BYTES)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    this.#path = files.resolve(directory, `wippy-upload-${name}`);
    this.#file = files.open(this.#path, "wx", 0o600);
    for (const chunk of this.#chunks) {
      this.#file.write(chunk, null);
      this.#budget.bytesLeft += chunk.length;
    }
    this.#chunks = [];
  }

  /** Everything has arrived. */
  complete(): void {
    this.#file?.close();
    this.#file = undefined;
    if (this.#chunks.length > 1) this.#chunks = [joinBytes(this.#chunks)];
  }

  /** The contents, from the beginning. */
  stream(): ByteStream {
    if (this.#path === undefined) return new MemoryStream(this.#chunks[0] ?? new Uint8Array());
    return new FileStream(this.#ports.files.open(this.#path, "r"), this.size);
  }

  /** Removes the temporary file, if there is one. */
  discard(): void {
    this.#file?.close();
    this.#file = undefined;
    this.#chunks = [];
    if (this.#path === undefined) return;
    try {
      this.#ports.files.remove(this.#path);
    } catch (error) {
      // Somebody else tidied up.
      if (!(error instanceof Failure) || error.kind !== "NotFound") throw error;
    }
  }
}

/** Where a seek leads. */
function target(whence: "set" | "cur" | "end", offset: number, position: number, size: number): number {
  const base = whence === "set" ? 0 : whence === "cur" ? position : size;
  const to = base + offset;
  if (to < 0) throw new Failure("Invalid", "cannot seek before the beginning", { retryable: false });
  return to;
}

class MemoryStream implements ByteStream {
  readonly size: number;
  position = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.size = bytes.length;
  }

  read(size: number): Uint8Array | null {
    if (this.position >= this.size) return null;
    const chunk = this.#bytes.subarray(this.position, this.position + size);
    this.position += chunk.length;
    return chunk;
  }

  seek(whence: "set" | "cur" | "end", offset: number): number {
    return this.position = target(whence, offset, this.position, this.size);
  }

  close(): void {}
}

class FileStream implements ByteStream {
  readonly size: number;
  position = 0;
  readonly #file: FileHandle;

  constructor(file: FileHandle, size: number) {
    this.#file = file;
    this.size = size;
  }

  read(size: number): Uint8Array | null {
    const buffer = new Uint8Array(Math.min(size, Math.max(0, this.size - this.position)));
    const count = buffer.length === 0 ? 0 : this.#file.read(buffer, this.position);
    if (count === 0) return null;
    this.position += count;
    return buffer.subarray(0, count);
  }

  seek(whence: "set" | "cur" | "end", offset: number): number {
    return this.position = target(whence, offset, this.position, this.size);
  }

  close(): void {
    this.#file.close();
  }
}
