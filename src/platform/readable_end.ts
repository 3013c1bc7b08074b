/** The reading end of a Node stream, pulled by whoever needs the bytes: nothing is read ahead beyond the stream's buffer. */
import type { Readable } from "node:stream";
import { Failure } from "../core/mod.ts";
import type { ByteStream } from "../ports/mod.ts";

/** What is known of a stream. */
export interface ReadableEndOptions {
  /** Bytes in all; -1, the default, when that is unknown. */
  readonly size?: number;
  /** Makes a failure of an error. With it, a stream that is closed before its end has failed; without, it has ended. */
  readonly failed?: (cause: Error) => Failure;
  /** Runs when the reader is closed. */
  readonly closed?: () => void;
}

function broken(cause: Error): Failure {
  return new Failure("Internal", cause.message, { retryable: false, cause });
}

/** Reads a Node stream piece by piece. */
export class ReadableEnd implements ByteStream {
  readonly size: number;
  position = 0;
  readonly #stream: Readable;
  readonly #options: ReadableEndOptions;
  /** What is left of the piece read last. */
  #left: Uint8Array | null = null;
  #state: "open" | "ended" | "closed" = "open";
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(stream: Readable, options: ReadableEndOptions = {}) {
    this.#stream = stream;
    this.#options = options;
    this.size = options.size ?? -1;
    const wake = (): void => {
      this.#wake?.();
      this.#wake = undefined;
    };
    const end = (): void => {
      if (this.#state === "open") this.#state = "ended";
      wake();
    };
    stream.on("readable", wake);
    stream.on("end", end);
    stream.on("close", () => {
      if (this.#state === "open" && options.failed !== undefined) {
        this.#failure ??= new Error("it was closed before its end");
      }
      end();
    });
    stream.on("error", (error) => {
      this.#failure ??= error;
      wake();
    });
  }

  async read(size: number): Promise<Uint8Array | null> {
    while (this.#left === null) {
      if (this.#state === "closed") return null;
      this.#left = this.#stream.read() as Uint8Array | null;
      if (this.#left !== null) break;
      if (this.#failure !== undefined) throw (this.#options.failed ?? broken)(this.#failure);
      if (this.#state === "ended") return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const piece = this.#left.subarray(0, size);
    this.#left = piece.length === this.#left.length ? null : this.#left.subarray(size);
    this.position += piece.length;
    return piece;
  }

  close(): void {
    this.#state = "closed";
    this.#left = null;
    this.#stream.destroy();
    this.#options.closed?.();
  }
}
