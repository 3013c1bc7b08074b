/** Ends parsing and queries that take too long. */
import { TREE_WORK_MS_MAX } from "../../src/core/mod.ts";
import type { Clock } from "../../src/ports/mod.ts";

/** A moment by which work must be done. */
export class Deadline {
  readonly #clock: Clock;
  readonly #endMs: number;
  /** Whether it was missed. */
  isMissed = false;

  /** A deadline in `ms` milliseconds; 0 is the longest that is allowed. */
  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#endMs = clock.monotonicMs() + (ms > 0 ? Math.min(ms, TREE_WORK_MS_MAX) : TREE_WORK_MS_MAX);
  }

  /** For tree-sitter: true ends the work. */
  readonly check = (): boolean => {
    if (this.#clock.monotonicMs() >= this.#endMs) this.isMissed = true;
    return this.isMissed;
  };
}
