/** Letting a world run until nothing is ready and nothing becomes so by itself. */
import type { Clock } from "../ports/mod.ts";
import type { WorldClock } from "./world_clock.ts";

/** Longest wait of a step for a command that ends by itself. */
const WORK_MS_MAX = 10_000;

/** What is to settle. */
export interface Unsettled {
  readonly slices: { runNow(): void };
  /** The clock of the world. */
  readonly inner: WorldClock;
  /** The clock outside. */
  readonly outer: Clock;
  /** Commands that end by themselves. */
  readonly working: Set<Promise<unknown>>;
  /** Longest that it may run. */
  readonly taskMs: number;
}

/** Runs until all is quiet; false when that takes too long. */
export async function settle({ inner, outer, slices, taskMs, working }: Unsettled): Promise<boolean> {
  let endMs = outer.monotonicMs() + taskMs;
  for (let quiet = 0; quiet < 2;) {
    slices.runNow();
    if (outer.monotonicMs() > endMs) return false;
    const hasMore = inner.drain();
    if (working.size > 0) {
      // Part of this step: what it gives must come before the next one, whenever that is.
      const fromMs = outer.monotonicMs();
      await Promise.race([Promise.allSettled(working), outer.sleep(WORK_MS_MAX)]);
      working.clear();
      endMs += outer.monotonicMs() - fromMs;
      quiet = 0;
      continue;
    }
    // What was promised, such as the result of a timer, becomes ready between two turns.
    await new Promise<void>((resolve) => outer.soon(() => resolve()));
    quiet = hasMore ? 0 : quiet + 1;
  }
  return true;
}
