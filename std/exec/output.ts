/**
 * Output of a command between it and a script.
 *
 * O1. Nothing is read ahead, except while the script waits for the end: then a command must not be held up by output that
 *     nobody reads. What nobody took is dropped; what was taken is held, up to a limit.
 * O2. There is one read of the source at a time, whoever asks.
 */
import { EXEC_OUTPUT_BYTES_MAX, Failure } from "../../src/core/mod.ts";
import type { ByteStream } from "../../src/ports/mod.ts";

const PART_BYTES = 64 * 1024;

/** An output stream of a command. */
export class Output implements ByteStream {
  readonly #name: string;
  #source: ByteStream | undefined;
  #held: Uint8Array[] = [];
  #heldBytes = 0;
  #ended = false;
  #isTaken = false;
  #wasRead = false;
  #isClosed = false;
  #fetching: Promise<void> | undefined;
  #roomy: (() => void) | undefined;
  readonly size = -1;
  position = 0;

  constructor(name: string) {
    this.#name = name;
  }

  /** The command runs. */
  connect(source: ByteStream): void {
    this.#source = source;
  }

  /** A script has it from now on. */
  take(): this {
    this.#isTaken = true;
    return this;
  }

  async read(size: number): Promise<Uint8Array | null> {
    this.#wasRead = true;
    while (this.#held.length === 0) {
      if (this.#ended) return null;
      await this.#fetch();
    }
    const first = this.#held[0]!;
    const part = first.subarray(0, size);
    if (part.length === first.length) this.#held.shift();
    else this.#held[0] = first.subarray(part.length);
    this.#heldBytes -= part.length;
    this.position += part.length;
    this.#roomy?.();
    return part;
  }

  /** Keeps the command from waiting for readers, until its output ends. */
  async pump(): Promise<void> {
    while (!this.#ended) {
      if (!this.#isTaken || this.#isClosed) this.#drop();
      if (this.#heldBytes <= EXEC_OUTPUT_BYTES_MAX) await this.#fetch();
      else if (this.#wasRead) await new Promise<void>((resolve) => this.#roomy = resolve);
      else {
        const message = `process has more than ${EXEC_OUTPUT_BYTES_MAX} bytes of unread output: ` +
          `read ${this.#name} before wait`;
        throw new Failure("LimitExceeded", message, { retryable: false });
      }
    }
  }

  #drop(): void {
    this.#held = [];
    this.#heldBytes = 0;
  }

  #fetch(): Promise<void> {
    return this.#fetching ??= this.#next().finally(() => this.#fetching = undefined);
  }

  async #next(): Promise<void> {
    if (this.#source === undefined) {
      throw new Failure("Invalid", "process not started: call start() first", { retryable: false });
    }
    const part = await this.#source.read!(PART_BYTES);
    if (part === null) this.#ended = true;
    else {
      this.#held.push(part);
      this.#heldBytes += part.length;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#drop();
    this.#roomy?.();
  }
}
