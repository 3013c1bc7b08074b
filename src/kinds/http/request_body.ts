/**
 * The body of a request: whole with limits, or as a stream.
 *
 * RB1. Nothing is read before somebody asks, and never more than the limit is kept.
 * RB2. The body can be had once as a stream; had whole, it is kept and can be had again.
 */
import { Failure, joinBytes } from "../../core/mod.ts";
import type { ByteStream, Clock } from "../../ports/mod.ts";

/** Limits of reading a whole body. */
export interface BodyLimits {
  readonly bytesMax: number;
  readonly timeoutMs: number;
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

const NOTHING = new Uint8Array();
/** Longest body that is read in one piece: it can't be given up half-way, so it must not be much. */
const AT_ONCE_BYTES_MAX = 1024 * 1024;

function unreadable(reason: string, cause?: unknown): Failure {
  return new Failure("Internal", `failed to read body: ${reason}`, {
    retryable: false,
    details: { type: "STREAM_ERROR" },
    cause,
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error && error.message !== "" ? error.message : "connection closed";
}

/** A request's body. */
export class RequestBody {
  readonly #request: Request;
  readonly #clock: Clock;
  /** Milliseconds of the monotonic clock at which reading must be over; Infinity without a limit. */
  readonly #deadlineMs: number;
  #whole: Uint8Array | Promise<Uint8Array> | undefined;
  #streamed = false;

  constructor(request: Request, clock: Clock, deadlineMs: number) {
    this.#request = request;
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
  }

  /** Length as announced: 0 without a body, -1 when unknown. */
  get length(): number {
    const { headers } = this.#request;
    const written = headers.get("content-length");
    if (written !== null) return /^\d+$/.test(written) ? Number(written) : -1;
    return headers.has("transfer-encoding") || this.#request.body !== null ? -1 : 0;
  }

  /** Whether there is a body at all, be it an empty one. */
  get exists(): boolean {
    return this.length !== 0 || this.#request.headers.has("content-length");
  }

  /** The whole body. */
  read(limits: BodyLimits): Uint8Array | Promise<Uint8Array> {
    if (this.#whole === undefined) {
      if (!this.exists) throw new Failure("Invalid", "no body", { retryable: false });
      if (this.#streamed) throw new Failure("Invalid", "body was read as a stream", { retryable: false });
      const length = this.length;
      if (length === 0) return this.#whole = NOTHING;
      if (length > limits.bytesMax) throw tooLarge();
      this.#streamed = true;
      const reading = length > 0 && length <= AT_ONCE_BYTES_MAX
        ? this.#readAtOnce(limits)
        : this.#readInPieces(limits);
      this.#whole = reading.then((bytes) => this.#whole = bytes);
    }
    const whole = this.#whole;
    if (whole instanceof Uint8Array) {
      if (whole.length > limits.bytesMax) throw tooLarge();
      return whole;
    }
    return whole;
  }

  #limit({ timeoutMs }: BodyLimits): Deadline {
    const leftMs = Math.min(timeoutMs, Math.max(0, this.#deadlineMs - this.#clock.monotonicMs()));
    return new Deadline(this.#clock, leftMs, leftMs);
  }

  /** A short body of known length, without a stream, which costs more than all the rest of a request. */
  async #readAtOnce(limits: BodyLimits): Promise<Uint8Array> {
    const late = this.#limit(limits);
    try {
      return await late.before(this.#request.bytes());
    } catch (error) {
      throw error instanceof Failure ? error : unreadable(messageOf(error), error);
    } finally {
      late.clear();
    }
  }

  async #readInPieces(limits: BodyLimits): Promise<Uint8Array> {
    const reader = this.#reader();
    const chunks: Uint8Array[] = [];
    let length = 0;
    const late = this.#limit(limits);
    try {
      while (true) {
        const { done, value } = await late.before(reader.read());
        if (done) break;
        length += value.length;
        if (length > limits.bytesMax) throw tooLarge();
        chunks.push(value);
      }
    } catch (error) {
      // What else the client sends is not wanted; that it can't be told so changes nothing.
      reader.cancel().catch(() => undefined);
      throw error instanceof Failure ? error : unreadable(messageOf(error), error);
    } finally {
      late.clear();
    }
    return joinBytes(chunks);
  }

  #reader(): Reader {
    const body = this.#request.body;
    return (body ?? new ReadableStream({ start: (controller) => controller.close() })).getReader() as Reader;
  }

  /** The body as it arrives; reading it may take `timeoutMs` in all. */
  stream(timeoutMs: number): ByteStream {
    if (!this.exists) throw new Failure("Invalid", "no body", { retryable: false });
    if (this.#whole instanceof Uint8Array) return new WholeStream(this.#whole);
    if (this.#streamed) throw new Failure("Invalid", "body was read already", { retryable: false });
    this.#streamed = true;
    const deadlineMs = Math.min(this.#deadlineMs, this.#clock.monotonicMs() + timeoutMs);
    return new BodyStream(this.#reader(), this.length, this.#clock, deadlineMs, timeoutMs);
  }
}

function tooLarge(): Failure {
  return new Failure("Invalid", "request body too large", { retryable: false });
}

/** Fails what takes too long. */
class Deadline {
  readonly #expired: Promise<never> | undefined;
  readonly #timer: { cancel(): void } | undefined;

  /** Fails after `leftMs`; the message names the limit that applies to the whole. */
  constructor(clock: Clock, leftMs: number, limitMs: number) {
    if (leftMs === Infinity) return;
    const { promise, reject } = Promise.withResolvers<never>();
    const shown = Math.round(limitMs === Infinity ? leftMs : limitMs);
    this.#timer = clock.timer(leftMs, () => reject(unreadable(`request timeout after ${shown}ms`)));
    // Nobody may be waiting when it expires.
    promise.catch(() => undefined);
    this.#expired = promise;
  }

  before<T>(promise: Promise<T>): Promise<T> {
    return this.#expired === undefined ? promise : Promise.race([promise, this.#expired]);
  }

  clear(): void {
    this.#timer?.cancel();
  }
}

/** A body as it arrives. */
class BodyStream implements ByteStream {
  readonly size: number;
  position = 0;
  readonly #reader: Reader;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #timeoutMs: number;
  #rest: Uint8Array = NOTHING;
  #ended = false;

  constructor(reader: Reader, size: number, clock: Clock, deadlineMs: number, timeoutMs: number) {
    this.#reader = reader;
    this.size = size;
    this.#clock = clock;
    this.#deadlineMs = deadlineMs;
    this.#timeoutMs = timeoutMs;
  }

  read(size: number): Uint8Array | null | Promise<Uint8Array | null> {
    if (this.#rest.length > 0) return this.#take(size);
    return this.#ended ? null : this.#fill(size);
  }

  async #fill(size: number): Promise<Uint8Array | null> {
    const late = new Deadline(
      this.#clock,
      Math.max(0, this.#deadlineMs - this.#clock.monotonicMs()),
      this.#timeoutMs,
    );
    try {
      while (this.#rest.length === 0) {
        const { done, value } = await late.before(this.#reader.read());
        if (done) {
          this.#ended = true;
          return null;
        }
        this.#rest = value;
      }
    } catch (error) {
      this.#ended = true;
      throw error instanceof Failure ? error : unreadable(messageOf(error), error);
    } finally {
      late.clear();
    }
    return this.#take(size);
  }

  #take(size: number): Uint8Array {
    const taken = this.#rest.subarray(0, size);
    this.#rest = this.#rest.subarray(taken.length);
    this.position += taken.length;
    return taken;
  }

  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#rest = NOTHING;
    // The client may be gone by now, which is as good.
    this.#reader.cancel().catch(() => undefined);
  }
}

/** A body that was read whole before. */
class WholeStream implements ByteStream {
  readonly size: number;
  position = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.size = bytes.length;
  }

  read(size: number): Uint8Array | null {
    if (this.position >= this.#bytes.length) return null;
    const chunk = this.#bytes.subarray(this.position, this.position + size);
    this.position += chunk.length;
    return chunk;
  }

  close(): void {
    this.position = this.#bytes.length;
  }
}
