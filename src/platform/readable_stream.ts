/** A byte stream over one of the runtime's readable streams. */
import type { Readable } from "node:stream";
import { Failure } from "../core/mod.ts";
import type { ByteStream } from "../ports/mod.ts";

/** Reads what arrives, in pieces, no faster than it is asked for. */
export class ReadableByteStream implements ByteStream {
  readonly size: number;
  position = 0;
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #readable: Readable;
  readonly #closed: () => void;
  #left: Uint8Array | undefined;

  /** `size` is -1 when unknown; `closed` runs when the stream is closed before its end. */
  constructor(readable: Readable, size: number, closed: () => void = () => {}) {
    this.#readable = readable;
    this.#source = readable[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    this.size = size;
    this.#closed = closed;
  }

  async read(size: number): Promise<Uint8Array | null> {
    this.#left ??= await this.#next();
    if (this.#left === undefined) return null;
    const part = this.#left.subarray(0, size);
    this.#left = part.length === this.#left.length ? undefined : this.#left.subarray(size);
    this.position += part.length;
    return part;
  }

  async #next(): Promise<Uint8Array | undefined> {
    try {
      for (;;) {
        const { value, done } = await this.#source.next();
        if (done === true) return undefined;
        if (value.length > 0) return value;
      }
    } catch (error) {
      if (error instanceof Failure) throw error;
      const message = error instanceof Error ? error.message : String(error);
      throw new Failure("Unavailable", `reading the body: ${message}`, { retryable: true, cause: error });
    }
  }

  close(): void {
    this.#left = undefined;
    this.#readable.destroy();
    this.#closed();
  }
}
