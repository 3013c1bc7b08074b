/** Processors that are kept for guests with workers of their own class (`scheduler.wasm_isolation`). */
import type { Log, Ports } from "../ports/mod.ts";

/** Workers of a class whose number nobody says. */
const CLASS_WORKERS_MAX = 4;

/** What is kept for guests in one program. */
export class GuestCores {
  readonly #reserved: number;
  #isClaimed = false;
  #own: readonly number[] | undefined;

  /** `reserved` is the number of processors kept for guests, 0 when none is. */
  constructor(reserved: number) {
    this.#reserved = reserved;
  }

  /** Workers of a class whose number its entry does not say. */
  workers(cpus: number): number {
    return this.#reserved || Math.min(cpus, CLASS_WORKERS_MAX);
  }

  /** The processors of guests; everything else leaves them with the first call. Undefined when threads run anywhere. */
  claim({ processors }: Ports, log: Log): readonly number[] | undefined {
    if (this.#isClaimed || this.#reserved === 0) return this.#own;
    this.#isClaimed = true;
    const allowed = processors?.allowed() ?? [];
    if (processors === undefined || allowed.length === 0) {
      log.warn(
        "scheduler.wasm_isolation: threads can't be bound to processors here; it says how many workers there are, and no more",
      );
    } else if (allowed.length <= this.#reserved) {
      log.warn(
        "scheduler.wasm_isolation: reserved_cores leaves no processor for anything else; threads run on all of them",
        {
          processors: allowed.length,
          reserved_cores: this.#reserved,
        },
      );
    } else if (processors.confineProgram(allowed.slice(0, -this.#reserved))) {
      this.#own = allowed.slice(-this.#reserved);
      log.info("processors are kept for guests", { processors: [...this.#own] });
    } else log.warn("scheduler.wasm_isolation: the system refuses to bind threads to processors");
    return this.#own;
  }
}
