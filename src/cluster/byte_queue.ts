/** Bytes that arrive in pieces of any size, taken in pieces of a known one. */

import { joinBytes } from "../core/mod.ts";

/** A queue of bytes. */
export class ByteQueue {
  #pieces: Uint8Array[] = [];
  #length = 0;

  /** Bytes that wait. */
  get length(): number {
    return this.#length;
  }

  /** Adds a piece, which belongs to the queue from now on. */
  push(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.#pieces.push(piece);
    this.#length += piece.length;
  }

  /** The next `count` bytes, without taking them; there must be that many. */
  peek(count: number): Uint8Array {
    if (this.#pieces[0] !== undefined && this.#pieces[0].length >= count) {
      return this.#pieces[0].subarray(0, count);
    }
    const joined = joinBytes(this.#pieces);
    this.#pieces = [joined];
    return joined.subarray(0, count);
  }

  /** Takes the next `count` bytes; there must be that many. */
  take(count: number): Uint8Array {
    const taken = this.peek(count);
    const first = this.#pieces[0];
    if (first === undefined) return taken;
    if (first.length === count) this.#pieces.shift();
    else this.#pieces[0] = first.subarray(count);
    this.#length -= count;
    return taken;
  }
}
