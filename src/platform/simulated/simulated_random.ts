/**
 * Seeded randomness with named streams.
 *
 * A stream depends on the seed and its name alone: draws from one never shift another.
 */
import { fnv1a } from "../../core/mod.ts";
import type { Random } from "../../ports/mod.ts";

/** Repeatable randomness; not for secrets. */
export class SimulatedRandom implements Random {
  readonly #seed: string;
  readonly #streams = new Map<string, SimulatedRandom>();
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number | string) {
    this.#seed = String(seed);
    this.#a = fnv1a(`${this.#seed}/a`);
    this.#b = fnv1a(`${this.#seed}/b`);
    this.#c = fnv1a(`${this.#seed}/c`);
    for (let i = 0; i < 12; i += 1) this.#next();
  }

  float(): number {
    const high = this.#next() >>> 5;
    const low = this.#next() >>> 6;
    return (high * 67_108_864 + low) / 9_007_199_254_740_992;
  }

  below(bound: number): number {
    return Math.floor(this.float() * bound);
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i += 1) bytes[i] = this.#next() & 255;
    return bytes;
  }

  /** The stream of that name; the same object every time. */
  stream(name: string): SimulatedRandom {
    let stream = this.#streams.get(name);
    if (stream === undefined) this.#streams.set(name, stream = new SimulatedRandom(`${this.#seed}/${name}`));
    return stream;
  }

  /** True with probability `p`. */
  chance(p: number): boolean {
    return this.float() < p;
  }

  /** One of `items`, which must not be empty. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** The small fast counting generator (sfc32): 96 bits of state and a counter. */
  #next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum | 0;
    return sum >>> 0;
  }
}
