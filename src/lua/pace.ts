/**
 * Lets others have their turn during long work of a module, and ends it when its process is cancelled. Work that only awaits
 * what is there already never gives anybody else a turn.
 */
import { Failure, SLICE_MS } from "../core/mod.ts";
import type { Clock } from "../ports/mod.ts";
import type { Call } from "./module.ts";

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
