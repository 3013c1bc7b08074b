/**
 * Numbers of processes that are known to be alive, in memory that all workers of a node share.
 *
 * A number that is here can be sent to without asking; one that is not may live all the same. The main worker alone writes.
 */

const PLACES = 65_536;
/** Larger numbers are never here: they do not fit a place. */
const NUMBER_MAX = 2 ** 31 - 1;

/** The numbers. */
export class LiveNumbers {
  readonly memory: SharedArrayBuffer;
  readonly #places: Int32Array;

  constructor(memory = new SharedArrayBuffer(PLACES * Int32Array.BYTES_PER_ELEMENT)) {
    this.memory = memory;
    this.#places = new Int32Array(memory);
  }

  /** Adds a number, in place of another one that falls on the same place. */
  add(number: number): void {
    if (number <= NUMBER_MAX) Atomics.store(this.#places, number % PLACES, number);
  }

  /** Takes a number out. */
  delete(number: number): void {
    if (this.has(number)) Atomics.store(this.#places, number % PLACES, 0);
  }

  /** Whether a number is surely alive, or was a moment ago. */
  has(number: number): boolean {
    return number <= NUMBER_MAX && Atomics.load(this.#places, number % PLACES) === number;
  }
}
