/** The system's cryptographic randomness. */
import type { Random } from "../ports/mod.ts";
import { linuxCalls } from "./linux_calls.ts";

/** Random bytes fetched at once; small draws are served from there. */
const POOL_BYTES = 4096;
/** The first bytes are asked of the system itself where that can be done: what the runtime has for it takes long to begin. */
const FIRST_BYTES = 256;
/** Most bytes `getRandomValues` gives in one call. */
const FILL_BYTES_MAX = 65_536;

/** Randomness that nobody can guess. */
export class SystemRandom implements Random {
  readonly #pool = new Uint8Array(POOL_BYTES);
  readonly #view = new DataView(this.#pool.buffer);
  #used = POOL_BYTES;
  #isBegun = false;

  float(): number {
    const at = this.#take(8);
    const high = this.#view.getUint32(at) >>> 5;
    const low = this.#view.getUint32(at + 4) >>> 6;
    return (high * 67_108_864 + low) / 9_007_199_254_740_992;
  }

  below(bound: number): number {
    return Math.floor(this.float() * bound);
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    if (count <= 256) {
      const at = this.#take(count);
      bytes.set(this.#pool.subarray(at, at + count));
      this.#pool.fill(0, at, at + count);
      return bytes;
    }
    for (let from = 0; from < count; from += FILL_BYTES_MAX) {
      crypto.getRandomValues(bytes.subarray(from, Math.min(count, from + FILL_BYTES_MAX)));
    }
    return bytes;
  }

  /** Itself: nothing is repeated here, so that streams need not be kept apart. */
  stream(): Random {
    return this;
  }

  #take(count: number): number {
    if (this.#used + count > POOL_BYTES) {
      this.#used = this.#isBegun ? 0 : POOL_BYTES - FIRST_BYTES;
      const fresh = this.#pool.subarray(this.#used);
      if (this.#isBegun || linuxCalls()?.randomize(fresh) !== true) crypto.getRandomValues(fresh);
      this.#isBegun = true;
    }
    const at = this.#used;
    this.#used += count;
    return at;
  }
}
