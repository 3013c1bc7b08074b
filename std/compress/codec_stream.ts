/** A stream that gives what comes out of a codec when another stream goes into it. */
import { Failure } from "../../src/core/mod.ts";
import type { ByteStream, StreamCodec } from "../../src/ports/mod.ts";
import { invalid } from "./options.ts";

/** Bytes taken from the source at a time. */
const PART_BYTES = 256 * 1024;
const NOTHING = new Uint8Array();

/** How a stream goes through a codec. */
export interface CodecStreamOptions {
  /** What it is called in errors: `gzip`. */
  readonly format: string;
  /** Most bytes that may come out. */
  readonly sizeMax: number;
  /** Whether several packed streams may stand one behind the other. */
  readonly isRepeated: boolean;
}

/** Reads as much of its source as a read needs; memory is that of one piece and the codec. */
export class CodecStream implements ByteStream {
  readonly size = -1;
  position = 0;
  readonly #source: ByteStream;
  readonly #codec: StreamCodec;
  readonly #options: CodecStreamOptions;
  #input: Uint8Array = NOTHING;
  #output: Uint8Array = NOTHING;
  #produced = 0;
  #state: "running" | "source ended" | "done" = "running";

  constructor(source: ByteStream, codec: StreamCodec, options: CodecStreamOptions) {
    this.#source = source;
    this.#codec = codec;
    this.#options = options;
  }

  async read(size: number): Promise<Uint8Array | null> {
    while (this.#output.length === 0) {
      if (this.#state === "done") return null;
      if (this.#input.length === 0) await this.#fill();
      await this.#step();
    }
    const part = this.#output.subarray(0, size);
    this.#output = this.#output.subarray(part.length);
    this.position += part.length;
    return part;
  }

  /** Takes the next piece of the source behind what is left. */
  async #fill(): Promise<void> {
    if (this.#state !== "running") return;
    const part = await this.#source.read!(PART_BYTES);
    if (part === null) {
      this.#state = "source ended";
      return;
    }
    if (this.#input.length === 0) {
      this.#input = part;
      return;
    }
    const joined = new Uint8Array(this.#input.length + part.length);
    joined.set(this.#input);
    joined.set(part, this.#input.length);
    this.#input = joined;
  }

  async #step(): Promise<void> {
    const { format, isRepeated, sizeMax } = this.#options;
    const { consumed, ended, output } = this.#codec.step(this.#input, this.#state === "source ended");
    this.#input = this.#input.subarray(consumed);
    this.#output = output;
    this.#produced += output.length;
    if (this.#produced > sizeMax) {
      const message = `decompressed size exceeds limit of ${sizeMax} bytes`;
      throw new Failure("Internal", message, { retryable: false });
    }
    if (ended) {
      if (this.#input.length === 0) await this.#fill();
      if (!isRepeated || this.#input.length === 0) this.#state = "done";
      else this.#codec.restart();
    } else if (consumed === 0 && output.length === 0) {
      if (this.#state === "source ended") throw invalid(`invalid ${format} data`);
      await this.#fill();
    }
  }

  async close(): Promise<void> {
    if (this.#state === "done" && this.#input === NOTHING) return;
    this.#state = "done";
    this.#input = this.#output = NOTHING;
    this.#codec.close();
    await this.#source.close();
  }
}
