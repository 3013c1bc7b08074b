/**
 * Writes a pack, stream by stream, in memory of a few blocks.
 *
 * PW1. The file gets its name when it is complete; before that, and after a failure, there is nothing under that name that was not
 *      there before. PW2. The same streams and the same index give the same bytes, on every runtime.
 */
import { Failure, joinBytes, type ValueMap } from "../core/mod.ts";
import type { Codecs, FileHandle } from "../ports/mod.ts";
import { packValue } from "../registry/mod.ts";
import { BLOCK_BYTES, encodeBlock, encodeHead, encodeTail, type PackStream, partPath } from "./format.ts";
import type { PackPorts } from "./pack_file.ts";

/** Level of deflate: the library's own choice. */
const LEVEL = 6;
/** After a block that hardly gets smaller, this many of the same stream are stored as they are. */
const UNTRIED_BLOCKS = 15;
/** A block must shrink to this part of itself to be worth unpacking. */
const WORTH_PART = 0.9;

/** Gives the bytes of a stream piece by piece: fills `buffer` from its start and returns how much; 0 at the end. */
export type Pull = (buffer: Uint8Array) => number;

/** A pack being written. */
export class PackWriter {
  /** Bytes written so far. */
  size = 0;
  readonly #ports: PackPorts;
  readonly #codecs: Codecs;
  readonly #path: string;
  readonly #handle: FileHandle;
  #isOpen = true;

  private constructor(ports: PackPorts, codecs: Codecs, path: string) {
    this.#ports = ports;
    this.#codecs = codecs;
    this.#path = path;
    this.#handle = openNew(ports.files, partPath(path));
    this.#write(encodeHead());
  }

  /** Begins a pack that will be at `path`, an absolute one. */
  static async open(ports: PackPorts, path: string): Promise<PackWriter> {
    return new PackWriter(ports, await ports.compression.codecs(), path);
  }

  /** Writes a stream of bytes that are there already. */
  add(bytes: Uint8Array): PackStream {
    let position = 0;
    return this.addFrom((buffer) => {
      const part = bytes.subarray(position, position + buffer.length);
      buffer.set(part);
      position += part.length;
      return part.length;
    });
  }

  /** Writes a stream. */
  addFrom(pull: Pull): PackStream {
    const at = this.size;
    const records: Uint8Array[] = [];
    const buffer = new Uint8Array(BLOCK_BYTES);
    let size = 0;
    let untried = 0;
    for (let count = fill(buffer, pull); count > 0; count = fill(buffer, pull)) {
      const plain = buffer.subarray(0, count);
      const small = untried > 0 ? undefined : this.#deflate(plain);
      untried = untried > 0 ? untried - 1 : small === undefined ? UNTRIED_BLOCKS : 0;
      const stored = small ?? plain;
      const hash = this.#ports.cryptography.digest("sha256", stored);
      records.push(encodeBlock({ stored: stored.length, isDeflated: small !== undefined, hash }));
      this.#write(stored);
      size += count;
      if (count < BLOCK_BYTES) break;
    }
    return { at, size, blocks: joinBytes(records) };
  }

  /** Writes the index, and gives the file its name. */
  finish(index: ValueMap): void {
    const plain = packValue(index);
    const stored = this.#deflate(plain) ?? plain;
    const hash = this.#ports.cryptography.digest("sha256", stored);
    const at = this.size;
    this.#write(stored);
    this.#write(encodeTail({ at, stored: stored.length, size: plain.length, hash }));
    this.#handle.sync();
    this.#close();
    this.#ports.files.rename(partPath(this.#path), this.#path);
  }

  /** Leaves nothing behind. */
  abandon(): void {
    this.#close();
    this.#ports.files.remove(partPath(this.#path));
  }

  #close(): void {
    if (this.#isOpen) this.#handle.close();
    this.#isOpen = false;
  }

  /** `plain` deflated; undefined when that is not worth it. */
  #deflate(plain: Uint8Array): Uint8Array | undefined {
    const limit = Math.floor(plain.length * WORTH_PART);
    const encoder = this.#codecs.encoder("deflate", LEVEL);
    const parts: Uint8Array[] = [];
    let size = 0;
    try {
      let input = plain;
      for (;;) {
        const { consumed, output, ended } = encoder.step(input, true);
        input = input.subarray(consumed);
        size += output.length;
        if (size > limit) return undefined;
        parts.push(output);
        if (ended) return joinBytes(parts);
        if (consumed === 0 && output.length === 0) throw new Failure("Internal", "deflate stands still");
      }
    } finally {
      encoder.close();
    }
  }

  #write(bytes: Uint8Array): void {
    this.#handle.write(bytes, null);
    this.size += bytes.length;
  }
}

/** A new file, whatever was there; never what a link of that name leads to. */
function openNew(files: PackPorts["files"], path: string): FileHandle {
  if (files.stat(path) !== undefined || files.readLink(path) !== undefined) files.remove(path);
  return files.open(path, "wx");
}

/** Fills a whole buffer as long as there is something; how much of it was filled. */
function fill(buffer: Uint8Array, pull: Pull): number {
  let done = 0;
  while (done < buffer.length) {
    const count = pull(buffer.subarray(done));
    if (count === 0) break;
    done += count;
  }
  return done;
}
