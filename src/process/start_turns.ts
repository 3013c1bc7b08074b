/**
 * Turns of services that start: so many at a time, the others in the order in which they came.
 *
 * ST1. A turn is given back exactly once; one whose service was stopped while it waited is never taken.
 */

/** Gives a turn back. */
export type EndTurn = () => void;

/** The turns of one supervisor. */
export class StartTurns {
  readonly #atOnceMax: number;
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  constructor(atOnceMax: number) {
    this.#atOnceMax = atOnceMax;
  }

  /** A turn, if one is free. */
  take(): EndTurn | undefined {
    if (this.#taken >= this.#atOnceMax) return undefined;
    this.#taken += 1;
    return this.#endOfTurn();
  }

  /** The turn that another gives back, or undefined when `stopped` aborts first. */
  wait(stopped: AbortSignal): Promise<EndTurn | undefined> {
    const { promise, resolve } = Promise.withResolvers<EndTurn | undefined>();
    const settle = (turn: EndTurn | undefined): void => {
      this.#waiting.delete(take);
      stopped.removeEventListener("abort", leave);
      resolve(turn);
    };
    const take = (): void => settle(this.#endOfTurn());
    const leave = (): void => settle(undefined);
    this.#waiting.add(take);
    stopped.addEventListener("abort", leave);
    return promise;
  }

  #endOfTurn(): EndTurn {
    return () => {
      const [next] = this.#waiting;
      if (next === undefined) this.#taken -= 1;
      else next();
    };
  }
}
