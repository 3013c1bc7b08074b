/** How many calls of each function are under way, so that who starts too many can be made to wait. */
import type { LuaProcess } from "../lua_process.ts";

interface Count {
  active: number;
  /** Those who wait for room, first come first. */
  readonly knocking: Set<() => void>;
}

/** Counts by function. */
export class CallCounts {
  readonly #max: number;
  readonly #counts = new Map<string, Count>();

  constructor(max: number) {
    this.#max = max;
  }

  /** A call begins; returns what is to be called once at its end. */
  enter(target: string): () => void {
    let count = this.#counts.get(target);
    if (count === undefined) this.#counts.set(target, count = { active: 0, knocking: new Set() });
    const entered = count;
    entered.active++;
    return () => {
      entered.active--;
      const [next] = entered.knocking;
      if (next !== undefined) next();
      else if (entered.active === 0) this.#counts.delete(target);
    };
  }

  /** Undefined when one more may begin; otherwise settles when there may be room, or when `caller` has ended. */
  room(target: string, caller: LuaProcess): Promise<void> | undefined {
    const count = this.#counts.get(target);
    if (count === undefined || count.active < this.#max) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    const enter = (): void => {
      count.knocking.delete(enter);
      forget();
      resolve();
    };
    const forget = caller.onEnd(enter);
    count.knocking.add(enter);
    return promise;
  }
}
