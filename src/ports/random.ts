/** Randomness, as everything but `src/platform` sees it. */

/** A source of random values; seeded in simulation, the system's cryptographic source otherwise. */
export interface Random {
  /** A float in [0, 1). */
  float(): number;
  /** A whole number in [0, bound). */
  below(bound: number): number;
  /** `count` random bytes. */
  bytes(count: number): Uint8Array;
  /** A named stream of its own, so that one more draw here does not shift the others. */
  stream(name: string): Random;
}
