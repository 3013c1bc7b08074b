/**
 * The bytes of one entry, decompressed as they are read.
 *
 * E1. Whatever the archive says, no more is held than a buffer and the codec's window.
 * E2. What is read counts against the limits; at the end size and checksum must be right.
 */
import { Failure } from "../../src/core/mod.ts";
import type { ByteStream, CodecName, Codecs, Compression, StreamCodec } from "../../src/ports/mod.ts";
import { invalid, type Meter } from "./options.ts";
import type { Pull } from "./source.ts";

/** Output of a codec's step that is as large as it gets: there may be more without any input. */
const STEP_BYTES = 65_536;

/** Decompresses what `pull` gives, step by step. */
export class Inflater {
  readonly #codec: StreamCodec;
  readonly #pull: Pull;
  readonly #many: boolean;
  #input: Uint8Array = new Uint8Array(0);
  #inputEnded = false;
  #mayHaveMore = false;
  ended = false;

  /** With `many` streams may follow each other; otherwise the end of the first is the end. */
  constructor(codec: StreamCodec, pull: Pull, { many }: { many: boolean }) {
    this.#codec = codec;
    this.#pull = pull;
    this.#many = many;
  }

  /** Input that was pulled and lies behind the end. */
  get rest(): Uint8Array {
    return this.#input;
  }

  /** The next output; null at the end. */
  async next(): Promise<Uint8Array | null> {
    while (!this.ended) {
      if (!this.#mayHaveMore && this.#input.length === 0 && !this.#inputEnded) await this.#fill();
      const step = this.#codec.step(this.#input, false);
      this.#input = this.#input.subarray(step.consumed);
      this.#mayHaveMore = step.output.length === STEP_BYTES;
      if (step.ended) await this.#end();
      else if (step.consumed === 0 && step.output.length === 0 && this.#inputEnded) {
        throw invalid("archive is truncated");
      }
      if (step.output.length > 0) return step.output;
    }
    return null;
  }

  async #fill(): Promise<void> {
    const part = await this.#pull(STEP_BYTES);
    if (part === null) this.#inputEnded = true;
    else this.#input = part;
  }

  async #end(): Promise<void> {
    this.#mayHaveMore = false;
    if (this.#many && this.#input.length === 0) await this.#fill();
    if (this.#many && this.#input.length > 0) this.#codec.restart();
    else this.ended = true;
  }

  close(): void {
    this.ended = true;
    this.#codec.close();
  }
}

/** Loads the codecs. */
export async function loadCodecs(compression: Compression): Promise<Codecs> {
  return await compression.codecs();
}

/** Codec of a compression method; undefined for stored bytes. Invalid for what can't be read. */
export function codecOf(method: string, name: string): CodecName | undefined {
  if (method === "store") return undefined;
  if (method === "deflate" || method === "zstd") return method;
  throw invalid(`${name}: unsupported compression method: ${method}`);
}

/** What an entry must come out as; absent when it is not known. */
export interface Expected {
  readonly size?: number;
  readonly crc32?: number;
}

/** What an entry's stream works with. */
export interface EntryStreamParts {
  readonly meter: Meter;
  readonly expected: Expected;
  /** CRC-32; absent where the format has no checksum. */
  readonly checksum?: Compression["crc32"];
  /** Called once, when nothing more is read. */
  readonly release?: () => void;
}

/** The stream of an entry. */
export class EntryStream implements ByteStream {
  readonly #name: string;
  readonly #produce: () => Promise<Uint8Array | null>;
  readonly #parts: EntryStreamParts;
  #chunk: Uint8Array = new Uint8Array(0);
  #crc = 0;
  #isDone = false;
  #isReleased = false;
  #state: "open" | "closed" | "stale" = "open";
  /** Bytes that came out so far. */
  produced = 0;
  position = 0;

  constructor(name: string, produce: () => Promise<Uint8Array | null>, parts: EntryStreamParts) {
    this.#name = name;
    this.#produce = produce;
    this.#parts = parts;
  }

  get size(): number {
    return this.#parts.expected.size ?? -1;
  }

  async read(size: number): Promise<Uint8Array | null> {
    if (this.#state === "stale") {
      const message = `${this.#name}: the walk has advanced, this entry can no longer be read`;
      throw new Failure("Internal", message, { retryable: false });
    }
    if (this.#state === "closed") throw new Failure("Internal", "stream is closed", { retryable: false });
    if (this.#chunk.length === 0) {
      const chunk = await this.next();
      if (chunk === null) return null;
      this.#chunk = chunk;
    }
    const part = this.#chunk.subarray(0, size);
    this.#chunk = this.#chunk.subarray(part.length);
    this.position += part.length;
    return part;
  }

  /** The next piece as it comes, whoever has closed the stream; null at the end. */
  async next(): Promise<Uint8Array | null> {
    if (this.#isDone) return null;
    const { checksum, expected, meter } = this.#parts;
    const chunk = await this.#produce();
    if (chunk === null) {
      this.#isDone = true;
      this.check(expected);
      this.release();
      return null;
    }
    this.produced += chunk.length;
    meter.bytes(this.#name, chunk.length, this.produced);
    if (expected.size !== undefined && this.produced > expected.size) {
      throw this.#corrupt("longer than its size says");
    }
    if (checksum !== undefined) this.#crc = checksum(chunk, this.#crc);
    return chunk;
  }

  /** Compares what came out with what was promised. */
  check({ crc32, size }: Expected): void {
    if (size !== undefined && this.produced !== size) throw this.#corrupt("its size does not match");
    if (crc32 !== undefined && this.#crc !== crc32) throw this.#corrupt("its checksum does not match");
  }

  /** The checksum of what came out. */
  get crc32(): number {
    return this.#crc;
  }

  #corrupt(what: string): Failure {
    return invalid(`archive is corrupt: ${this.#name}: ${what}`);
  }

  /** Ends it for scripts: the walk went on. */
  expire(): void {
    this.#state = "stale";
    this.#chunk = new Uint8Array(0);
    this.release();
  }

  /** Ends it for scripts. What a walk has still to read past is read all the same. */
  close(): void {
    if (this.#state === "open") this.#state = "closed";
    this.#chunk = new Uint8Array(0);
    if (!this.isWalked) this.release();
  }

  /** True for an entry that a walk reads past in any case. */
  isWalked = false;

  drop(): void {
    this.close();
  }

  /** Lets go of codec and source. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#isDone = true;
    this.#parts.release?.();
  }
}
