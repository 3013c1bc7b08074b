/**
 * The one holder of a connection, and those who wait for it.
 *
 * G1. At most one holds it. G2. Those who wait get it in the order in which they came. G3. A wait ends after
 * `SQL_CONNECTION_WAIT_MS`, or when whoever waits is gone.
 */
import { Failure, SQL_CONNECTION_WAIT_MS } from "../../core/mod.ts";
import type { Clock, TimerHandle, Waiter } from "../../ports/mod.ts";

interface Waiting {
  readonly admit: () => void;
  readonly refuse: (failure: Failure) => void;
}

/** Who may use a connection. */
export class ConnectionGate {
  readonly #clock: Clock;
  readonly #waiting = new Set<Waiting>();
  #isHeld = false;
  #waits = 0;
  #waitedMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** True while somebody holds it. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Times that somebody had to wait. */
  get waits(): number {
    return this.#waits;
  }

  /** All waits together. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /** Takes it when it is free; the taker must `leave`. */
  tryEnter(): boolean {
    if (this.#isHeld) return false;
    return this.#isHeld = true;
  }

  /** Resolves once the caller holds it. Fails with Timeout, or with Canceled when the caller is gone. */
  enter(caller?: Waiter): Promise<void> {
    if (this.tryEnter()) return Promise.resolve();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const signal = caller?.signal;
    const since = this.#clock.monotonicMs();
    let timer: TimerHandle | undefined = undefined;
    const settle = (): void => {
      this.#waiting.delete(waiting);
      timer?.cancel();
      signal?.removeEventListener("abort", cancel);
      this.#waitedMs += this.#clock.monotonicMs() - since;
    };
    const waiting: Waiting = {
      admit() {
        settle();
        resolve();
      },
      refuse(failure) {
        settle();
        reject(failure);
      },
    };
    const cancel = (): void =>
      waiting.refuse(new Failure("Canceled", "gave up waiting for the database", { retryable: false }));
    this.#waits++;
    this.#waiting.add(waiting);
    timer = this.#clock.timer(SQL_CONNECTION_WAIT_MS, () => {
      waiting.refuse(
        new Failure(
          "Timeout",
          `waited ${SQL_CONNECTION_WAIT_MS / 1000}s for the only connection, which a transaction holds`,
          {
            retryable: true,
          },
        ),
      );
    });
    if (signal?.aborted) cancel();
    else signal?.addEventListener("abort", cancel);
    return promise;
  }

  /** Gives it to the next who waits. */
  leave(): void {
    for (const waiting of this.#waiting) {
      waiting.admit();
      return;
    }
    this.#isHeld = false;
  }

  /** Refuses everybody who waits. */
  refuseAll(failure: Failure): void {
    for (const waiting of [...this.#waiting]) waiting.refuse(failure);
  }
}
