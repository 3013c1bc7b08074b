/** The times at which something happens to a run by itself. */
import type { TimerHandle } from "../ports/mod.ts";
import type { WorkflowRow } from "./journal.ts";
import type { KeptOptions } from "./start_options.ts";

/** What happens. */
export interface Occasions {
  /** A run that waits begins. */
  due(): void;
  /** The time of a run, or of all runs together, is up. */
  expire(what: "run" | "execution", ms: number): void;
}

/** Alarms of one run. */
export class Alarms {
  readonly #timer: (delayMs: number, fire: () => void) => TimerHandle;
  readonly #set: TimerHandle[] = [];

  constructor(timer: (delayMs: number, fire: () => void) => TimerHandle) {
    this.#timer = timer;
  }

  /** Sets those of a run. */
  set(
    { firstMs, runMs: beginMs }: Pick<WorkflowRow, "firstMs" | "runMs">,
    { executionMs, runMs }: KeptOptions,
    nowMs: number,
    { due, expire }: Occasions,
  ): void {
    if (beginMs > nowMs) this.#at(beginMs - nowMs, due);
    if (runMs > 0) this.#at(beginMs + runMs - nowMs, () => expire("run", runMs));
    if (executionMs > 0) this.#at(firstMs + executionMs - nowMs, () => expire("execution", executionMs));
  }

  #at(delayMs: number, fire: () => void): void {
    this.#set.push(this.#timer(delayMs, fire));
  }

  silence(): void {
    for (const alarm of this.#set.splice(0)) alarm.cancel();
  }
}
