/** The reading end of a Node stream, pulled by whoever needs the bytes: nothing is read ahead beyond the stream's buffer. */
import type { Readable } from "node:stream";
import { Failure } from "../core/mod.ts";

/** Reads a Node stream piece by piece. */
export class ReadableEnd {
  readonly #stream: Readable;
  #ended = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  position = 0;
  readonly size = -1;

  constructor(stream: Readable) {
    this.#stream = stream;
    const wake = (): void => {
      this.#wake?.();
      this.#wake = undefined;
    };
    const end = (): void => {
      this.#ended = true;
      wake();
    };
    stream.on("readable", wake);
    stream.on("end", end);
    stream.on("close", end);
    stream.on("error", (error) => {
      this.#failure = error;
      wake();
    });
  }

  async read(size: number): Promise<Uint8Array | null> {
    for (;;) {
      const available = this.#stream.readableLength;
      const chunk = available === 0
        ? this.#stream.read()
        : this.#stream.read(Math.min(size, available)) as Uint8Array | null;
      if (chunk !== null) return this.#piece(chunk as Uint8Array, size);
      if (this.#failure !== undefined) {
        throw new Failure("Internal", this.#failure.message, { retryable: false, cause: this.#failure });
      }
      if (this.#ended) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  #piece(chunk: Uint8Array, size: number): Uint8Array {
    if (chunk.length > size) this.#stream.unshift(chunk.subarray(size));
    const piece = new Uint8Array(chunk.subarray(0, size));
    this.position += piece.length;
    return piece;
  }

  close(): void {
    this.#stream.destroy();
  }
}
