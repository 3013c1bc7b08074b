/**
 * A pack that is read at random.
 *
 * PR1. Nothing is given out before its checksum was compared. PR2. Memory is bounded by what is asked for and a few blocks, not by
 * the size of the pack. PR3. The file stays open until `close`: a pack put in its place does not change what is read.
 */
import { Failure, isValueMap, PACK_BLOCKS_CACHED_MAX, type Value, type ValueMap } from "../core/mod.ts";
import type { FileHandle, Ports } from "../ports/mod.ts";
import { unpackValue } from "../registry/mod.ts";
import {
  BLOCK_BYTES,
  blockCount,
  blockOf,
  checkHead,
  damaged,
  decodeTail,
  HEAD_BYTES,
  isSound,
  packFailure,
  type PackStream,
  TAIL_BYTES,
} from "./format.ts";

/** Digits by which contents are told apart. */
const TAG_DIGITS = 32;

/** What reading packs needs of the outside. */
export type PackPorts = Pick<Ports, "files" | "cryptography" | "compression">;

/** An open pack. */
export class PackFile {
  /** As messages show it. */
  readonly name: string;
  /** When the file was written. */
  readonly modifiedMs: number;
  readonly size: number;
  readonly index: ValueMap;
  readonly #ports: PackPorts;
  readonly #handle: FileHandle;
  /** Where blocks end. */
  readonly #end: number;
  /** Plain blocks by position, the one used last at the end; each with its stream, for those of a forged index may overlap. */
  readonly #blocks = new Map<number, { readonly stream: PackStream; readonly bytes: Uint8Array }>();

  private constructor(ports: PackPorts, handle: FileHandle, name: string) {
    this.#ports = ports;
    this.#handle = handle;
    this.name = name;
    const { size, modifiedMs } = handle.stat();
    this.size = size;
    this.modifiedMs = modifiedMs;
    checkHead(this.#bytes(0, Math.min(HEAD_BYTES, size)), size, name);
    const place = decodeTail(this.#bytes(size - TAIL_BYTES, TAIL_BYTES), size, name);
    this.#end = place.at;
    const stored = this.#bytes(place.at, place.stored);
    if (!this.#fits(stored, place.hash)) throw damaged(name, "its index");
    this.index = this.map(
      stored.length < place.size ? this.#inflate(stored, place.size, "its index") : stored,
    );
  }

  /** Opens a pack; fails with NotFound or Invalid. `name` is for messages. */
  static open(ports: PackPorts, path: string, name: string): PackFile {
    if (ports.files.stat(path) === undefined) {
      throw new Failure("NotFound", `${name}: no such file`, { retryable: false });
    }
    const handle = ports.files.open(path, "r");
    try {
      return new PackFile(ports, handle, name);
    } catch (error) {
      handle.close();
      throw error;
    }
  }

  /** The description of a stream inside the index; fails with Invalid when it does not hold together. */
  stream(value: Value): PackStream {
    const [at, size, blocks] = Array.isArray(value) ? value : [];
    if (typeof at === "number" && typeof size === "number" && blocks instanceof Uint8Array) {
      const stream = { at, size, blocks };
      if (isSound(stream, this.#end)) return stream;
    }
    throw damaged(this.name, "a part of its index");
  }

  /** A map in MessagePack. */
  map(bytes: Uint8Array): ValueMap {
    const value = this.value(bytes);
    if (!isValueMap(value)) throw damaged(this.name, "a part of it is no map");
    return value;
  }

  /** A value in MessagePack. */
  value(bytes: Uint8Array): Value {
    try {
      return unpackValue(bytes);
    } catch (error) {
      throw error instanceof Failure ? damaged(this.name, error.message) : error;
    }
  }

  /** All of a stream. `sizeMax` is the most bytes that `what` may have. */
  readAll(stream: PackStream, sizeMax: number, what: string): Uint8Array {
    if (stream.size > sizeMax) {
      throw new Failure(
        "LimitExceeded",
        `${this.name}: ${what} of ${stream.size} bytes, at most ${sizeMax} are read`,
        {
          retryable: false,
        },
      );
    }
    const result = new Uint8Array(stream.size);
    let position = stream.at;
    for (let i = 0; i < blockCount(stream.size); i++) {
      result.set(this.#block(stream, i, position), i * BLOCK_BYTES);
      position += blockOf(stream, i).stored;
    }
    return result;
  }

  /** Reads a stream at random: from byte `offset` on into `buffer`; how many bytes that gave, 0 at the end. */
  reader(stream: PackStream): (offset: number, buffer: Uint8Array) => number {
    const positions = new Float64Array(blockCount(stream.size));
    let position = stream.at;
    for (let i = 0; i < positions.length; i++) {
      positions[i] = position;
      position += blockOf(stream, i).stored;
    }
    return (offset, buffer) => {
      let done = 0;
      while (done < buffer.length && offset + done < stream.size) {
        const i = Math.floor((offset + done) / BLOCK_BYTES);
        const block = this.#cached(stream, i, positions[i]!);
        const part = block.subarray(offset + done - i * BLOCK_BYTES).subarray(0, buffer.length - done);
        buffer.set(part, done);
        done += part.length;
      }
      return done;
    };
  }

  /** A short text that differs for streams with different bytes. */
  tagOf({ blocks }: PackStream): string {
    return this.#ports.cryptography.digest("sha256", blocks).toHex().slice(0, TAG_DIGITS);
  }

  /** Closes the file; nothing can be read any more. */
  close(): void {
    this.#blocks.clear();
    this.#handle.close();
  }

  #cached(stream: PackStream, i: number, position: number): Uint8Array {
    const known = this.#blocks.get(position);
    const bytes = known?.stream === stream ? known.bytes : this.#block(stream, i, position);
    this.#blocks.delete(position);
    this.#blocks.set(position, { stream, bytes });
    if (this.#blocks.size > PACK_BLOCKS_CACHED_MAX) {
      const [oldest] = this.#blocks.keys();
      this.#blocks.delete(oldest!);
    }
    return bytes;
  }

  #block(stream: PackStream, i: number, position: number): Uint8Array {
    const { stored, isDeflated, hash } = blockOf(stream, i);
    const bytes = this.#bytes(position, stored);
    if (!this.#fits(bytes, hash)) throw damaged(this.name, `bytes ${position} to ${position + stored}`);
    const size = Math.min(BLOCK_BYTES, stream.size - i * BLOCK_BYTES);
    if (isDeflated) return this.#inflate(bytes, size, "a block");
    if (bytes.length !== size) throw damaged(this.name, "a block has another length");
    return bytes;
  }

  #inflate(bytes: Uint8Array, size: number, what: string): Uint8Array {
    try {
      return this.#ports.compression.inflate(bytes, size);
    } catch (error) {
      throw error instanceof Failure ? damaged(this.name, what) : error;
    }
  }

  #fits(bytes: Uint8Array, hash: Uint8Array): boolean {
    const actual = this.#ports.cryptography.digest("sha256", bytes);
    return actual.length === hash.length && actual.every((byte, i) => byte === hash[i]);
  }

  #bytes(position: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let done = 0;
    while (done < length) {
      const count = this.#handle.read(bytes.subarray(done), position + done);
      if (count === 0) throw packFailure(this.name, "the pack became shorter while it was read");
      done += count;
    }
    return bytes;
  }
}
