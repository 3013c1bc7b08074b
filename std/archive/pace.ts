/** Lets others have their turn during long work, and ends it when its process is cancelled. */
import { Failure, SLICE_MS } from "../../src/core/mod.ts";
import type { Call } from "../../src/lua/mod.ts";
import type { Clock } from "../../src/ports/mod.ts";

/** Paces one piece of work. */
export class Pace {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  #restedMs: number;

  constructor(call: Call) {
    this.#clock = call.services.ports.clock;
    this.#signal = call.process.signal;
    this.#restedMs = this.#clock.monotonicMs();
  }

  /** Called between two steps of the work. */
  async rest(): Promise<void> {
    if (this.#clock.monotonicMs() - this.#restedMs < SLICE_MS) return;
    await new Promise<void>((resolve) => this.#clock.soon(resolve));
    this.#restedMs = this.#clock.monotonicMs();
    if (this.#signal.aborted) throw new Failure("Canceled", "process was cancelled", { retryable: false });
  }
}
