/**
 * A queue of byte frames in shared memory, from one writer to one reader on another thread.
 *
 * G1. A frame is read whole and in order. One that is longer than a quarter of the memory goes in parts.
 * G2. Positions only grow, modulo 2^32; the capacity is a power of two, so the modulus does not show.
 * G3. The writer moves `WRITTEN` after the bytes are there, the reader moves `READ` after it has copied them.
 */
import { joinBytes } from "../../core/mod.ts";

const HEADER_BYTES = 64;
const WRITTEN = 0;
const READ = 1;
const LENGTH_BYTES = 4;
/** In the length of a part: more of the frame follows. */
const MORE = 0x8000_0000;

/** Memory of a ring with room for `capacity` bytes, a power of two. */
export function ringMemory(capacity: number): SharedArrayBuffer {
  return new SharedArrayBuffer(HEADER_BYTES + capacity);
}

/** One end of a ring; which one is decided by what is called. */
export class Ring {
  readonly #positions: Int32Array;
  readonly #data: Uint8Array;
  readonly #mask: number;
  readonly #partMax: number;
  /** What did not fit yet: parts with their marked lengths. */
  #waiting: { bytes: Uint8Array; mark: number }[] = [];
  #waitingBytes = 0;
  /** Parts of the frame that is being read. */
  #parts: Uint8Array[] = [];

  constructor(memory: SharedArrayBuffer) {
    this.#positions = new Int32Array(memory, 0, 2);
    this.#data = new Uint8Array(memory, HEADER_BYTES);
    this.#mask = this.#data.length - 1;
    this.#partMax = this.#data.length / 4;
  }

  /** Bytes that wait outside of the ring for room in it. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Whether the reader has something to read. */
  get isEmpty(): boolean {
    return Atomics.load(this.#positions, WRITTEN) === Atomics.load(this.#positions, READ);
  }

  /** Writes a frame, or keeps what does not fit for `flush`. The bytes belong to the ring from now on. */
  write(frame: Uint8Array): void {
    let at = 0;
    do {
      const end = Math.min(frame.length, at + this.#partMax);
      const bytes = frame.subarray(at, end);
      const mark = end < frame.length ? (bytes.length | MORE) >>> 0 : bytes.length;
      if (this.#waiting.length > 0 || !this.#put(bytes, mark)) {
        this.#waiting.push({ bytes, mark });
        this.#waitingBytes += bytes.length;
      }
      at = end;
    } while (at < frame.length);
  }

  /** Writes what waits as far as there is room; true when nothing waits any more. */
  flush(): boolean {
    let count = 0;
    for (const { bytes, mark } of this.#waiting) {
      if (!this.#put(bytes, mark)) break;
      this.#waitingBytes -= bytes.length;
      count++;
    }
    if (count > 0) this.#waiting.splice(0, count);
    return this.#waiting.length === 0;
  }

  /** Blocks this thread until all that waits has been written, or `isOver` says so. */
  flushBlocking(isOver: () => boolean): void {
    for (;;) {
      // Taken first: what is read after it ends the wait.
      const read = Atomics.load(this.#positions, READ);
      if (this.flush() || isOver()) return;
      Atomics.wait(this.#positions, READ, read, 100);
    }
  }

  /** The next whole frame; undefined when there is none yet. */
  read(): Uint8Array | undefined {
    while (!this.isEmpty) {
      const at = Atomics.load(this.#positions, READ) >>> 0;
      const mark = this.#length(at);
      const length = (mark & ~MORE) >>> 0;
      const bytes = new Uint8Array(length);
      this.#copy(bytes, at + LENGTH_BYTES);
      Atomics.store(this.#positions, READ, (at + LENGTH_BYTES + length) | 0);
      Atomics.notify(this.#positions, READ);
      if ((mark & MORE) !== 0) this.#parts.push(bytes);
      else if (this.#parts.length === 0) return bytes;
      else return this.#join(bytes);
    }
    return undefined;
  }

  #join(last: Uint8Array): Uint8Array {
    const whole = joinBytes([...this.#parts, last]);
    this.#parts = [];
    return whole;
  }

  #put(bytes: Uint8Array, mark: number): boolean {
    const written = Atomics.load(this.#positions, WRITTEN) >>> 0;
    const used = (written - (Atomics.load(this.#positions, READ) >>> 0)) >>> 0;
    if (used + LENGTH_BYTES + bytes.length > this.#data.length) return false;
    for (let i = 0; i < LENGTH_BYTES; i++) this.#data[(written + i) & this.#mask] = (mark >>> (8 * i)) & 255;
    const start = (written + LENGTH_BYTES) & this.#mask;
    const first = Math.min(bytes.length, this.#data.length - start);
    this.#data.set(first === bytes.length ? bytes : bytes.subarray(0, first), start);
    if (first < bytes.length) this.#data.set(bytes.subarray(first), 0);
    Atomics.store(this.#positions, WRITTEN, (written + LENGTH_BYTES + bytes.length) | 0);
    return true;
  }

  #length(at: number): number {
    let length = 0;
    for (let i = 0; i < LENGTH_BYTES; i++) length += this.#data[(at + i) & this.#mask]! * 2 ** (8 * i);
    return length;
  }

  #copy(into: Uint8Array, at: number): void {
    const start = (at >>> 0) & this.#mask;
    const first = Math.min(into.length, this.#data.length - start);
    into.set(this.#data.subarray(start, start + first));
    if (first < into.length) into.set(this.#data.subarray(0, into.length - first), first);
  }
}
