/** How often the clock is looked at while processes take their turns. */
import type { VmExports } from "./instance.ts";

/** Most turns between two looks. */
const TURNS_MAX = 16;
/** Between two looks should lie less than this, in milliseconds: calls of the host may take longer than they are counted for. */
const MS_MAX = 0.5;
/** As long as less lies between them, there may be more turns. */
const MS_MIN = 0.2;

/** Looks at a clock in milliseconds. */
export class Looks {
  readonly #now: () => number;
  #turns = TURNS_MAX;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Runs ready processes for at most `turns` turns and about `sliceMs`; returns how many are ready still. */
  run(vm: Pick<VmExports, "run">, turns: number, sliceMs: number): number {
    let looked = this.#now();
    const end = looked + sliceMs;
    let ready = 1;
    while (turns > 0) {
      const count = Math.min(turns, this.#turns);
      ready = vm.run(count);
      turns -= count;
      if (ready === 0) break;
      const now = this.#now();
      const took = now - looked;
      if (took > MS_MAX) this.#turns = Math.max(1, this.#turns >> 1);
      else if (took < MS_MIN && count === this.#turns) this.#turns = Math.min(TURNS_MAX, 2 * this.#turns);
      if (now >= end) break;
      looked = now;
    }
    return ready;
  }
}
