/** How well this node itself does at keeping up with the others, after the "Lifeguard" paper: 0 is best. */

/** Where the score ends, however much is missed. */
export const HEALTH_SCORE_MAX = 7;

/** The score of one node. */
export class LocalHealth {
  #score = 0;

  /** From 0, all is well, to `HEALTH_SCORE_MAX`. */
  get score(): number {
    return this.#score;
  }

  /** An answer came as it should. */
  better(): void {
    this.#score = Math.max(0, this.#score - 1);
  }

  /** So many signs of life that should have come did not: the fault may be this node's. */
  worse(missed: number): void {
    this.#score = Math.min(HEALTH_SCORE_MAX, this.#score + missed);
  }
}
