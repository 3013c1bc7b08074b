/**
 * The slices in which the Lua of a universe runs.
 *
 * L1. Lua runs only inside `runNow`: at most one process of a universe runs at any moment.
 * L2. What happens during a slice and would change the running process (its own end, its upgrade) waits until the slice is over.
 */
import { SLICE_MS, TURNS_PER_SLICE } from "../core/mod.ts";
import type { Clock } from "../ports/mod.ts";
import type { Universe } from "../vm/mod.ts";

/** Runs a universe when there is something to run. */
export class Slices {
  readonly #universe: Universe;
  readonly #clock: Clock;
  readonly #checks = new Set<() => void>();
  /** Makes something ready when nothing is; false when there is nothing. */
  refill: (() => boolean) | undefined;
  #deferred: (() => void)[] = [];
  #scheduled = false;
  #inside = false;

  constructor(universe: Universe, clock: Clock) {
    this.#universe = universe;
    this.#clock = clock;
  }

  /** Makes sure that a slice runs soon. */
  wake(): void {
    if (this.#scheduled || this.#inside) return;
    this.#scheduled = true;
    this.#clock.soon(() => {
      this.#scheduled = false;
      this.runNow();
    });
  }

  /** Whether a slice is to run soon. */
  get isAwake(): boolean {
    return this.#scheduled;
  }

  /** Runs one slice at once, unless one is in progress. */
  runNow(): void {
    if (this.#inside) return;
    this.#inside = true;
    let ready: number;
    try {
      ready = this.#run();
    } finally {
      this.#inside = false;
    }
    for (const check of this.#checks) check();
    while (this.#deferred.length > 0) {
      const actions = this.#deferred;
      this.#deferred = [];
      for (const action of actions) action();
      ready = 1;
    }
    if (ready > 0) this.wake();
  }

  #run(): number {
    let ready = this.#universe.run(TURNS_PER_SLICE, SLICE_MS);
    let end: number | undefined;
    while (ready === 0 && this.refill?.()) {
      end ??= this.#clock.monotonicMs() + SLICE_MS;
      ready = this.#universe.run(TURNS_PER_SLICE, SLICE_MS);
      // What waits still is taken in the next slice.
      if (this.#clock.monotonicMs() >= end) return ready + 1;
    }
    return ready;
  }

  /** Calls `check` after each slice, before what was deferred to its end; returns a function that stops that. */
  afterEach(check: () => void): () => void {
    this.#checks.add(check);
    return () => this.#checks.delete(check);
  }

  /** Runs `action` when no Lua is running: now, or right after the slice in progress. */
  defer(action: () => void): void {
    if (this.#inside) this.#deferred.push(action);
    else {
      action();
      this.wake();
    }
  }
}
