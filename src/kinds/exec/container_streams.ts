/**
 * The output streams of a container, which share one connection: frames of a stream's number, a length, and bytes.
 *
 * D1. Frames are read when somebody asks for bytes. Those of the other stream are kept for it, up to a limit.
 */
import { EXEC_OUTPUT_BYTES_MAX, Failure } from "../../core/mod.ts";
import type { ByteStream, Connection } from "../../ports/mod.ts";

const HEADER_BYTES = 8;
const STDERR = 2;

/** One of the streams. */
class ContainerStream implements ByteStream {
  readonly #fetch: () => Promise<boolean>;
  readonly #kept: Uint8Array[] = [];
  #bytes = 0;
  readonly #name: string;
  readonly size = -1;
  position = 0;

  constructor(name: string, fetch: () => Promise<boolean>) {
    this.#name = name;
    this.#fetch = fetch;
  }

  keep(data: Uint8Array): void {
    this.#bytes += data.length;
    if (this.#bytes > EXEC_OUTPUT_BYTES_MAX) {
      const message =
        `process has more than ${EXEC_OUTPUT_BYTES_MAX} bytes of unread output on ${this.#name}`;
      throw new Failure("LimitExceeded", message, { retryable: false });
    }
    this.#kept.push(data);
  }

  async read(size: number): Promise<Uint8Array | null> {
    while (this.#kept.length === 0) if (!await this.#fetch()) return null;
    const first = this.#kept[0]!;
    const part = first.subarray(0, size);
    if (part.length === first.length) this.#kept.shift();
    else this.#kept[0] = first.subarray(part.length);
    this.#bytes -= part.length;
    this.position += part.length;
    return part;
  }

  close(): void {
    this.#kept.length = 0;
    this.#bytes = 0;
  }
}

/** Both output streams of a container. */
export class ContainerStreams {
  readonly stdout: ContainerStream = new ContainerStream("stdout", () => this.#fetch());
  readonly stderr: ContainerStream = new ContainerStream("stderr", () => this.#fetch());
  readonly #connection: Connection;
  #rest: Uint8Array;
  /** Stream and length of what is left of the frame being read. */
  #frame: { stream: ContainerStream; left: number } | undefined;
  #fetching: Promise<boolean> | undefined;

  constructor(connection: Connection, rest: Uint8Array) {
    this.#connection = connection;
    this.#rest = rest;
  }

  /** Reads until one of the streams has more; false at the end. Whoever asks meanwhile waits for the same. */
  #fetch(): Promise<boolean> {
    return this.#fetching ??= this.#next().finally(() => this.#fetching = undefined);
  }

  async #next(): Promise<boolean> {
    while (!this.#take()) {
      const part = await this.#connection.read();
      if (part === null) {
        this.#connection.close();
        return false;
      }
      const joined = new Uint8Array(this.#rest.length + part.length);
      joined.set(this.#rest);
      joined.set(part, this.#rest.length);
      this.#rest = joined;
    }
    return true;
  }

  /** Hands what is there of a frame to its stream; false when there is nothing. */
  #take(): boolean {
    if (this.#frame === undefined) {
      if (this.#rest.length < HEADER_BYTES) return false;
      const view = new DataView(this.#rest.buffer, this.#rest.byteOffset, HEADER_BYTES);
      const stream = view.getUint8(0) === STDERR ? this.stderr : this.stdout;
      this.#frame = { stream, left: view.getUint32(4) };
      this.#rest = this.#rest.subarray(HEADER_BYTES);
    }
    const { left, stream } = this.#frame;
    const data = this.#rest.subarray(0, left);
    this.#rest = this.#rest.subarray(data.length);
    this.#frame = left === data.length ? undefined : { stream, left: left - data.length };
    if (data.length === 0) {
      return this.#frame === undefined && this.#rest.length >= HEADER_BYTES && this.#take();
    }
    stream.keep(data);
    return true;
  }
}
