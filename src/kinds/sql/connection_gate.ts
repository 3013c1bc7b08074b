/**
 * Those who hold the connections of a database, and those who wait for one.
 *
 * G1. At most `capacity` hold one. G2. Those who wait get one in the order in which they came. G3. A wait ends after
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
  readonly #capacity: number;
  readonly #waiting = new Set<Waiting>();
  #held = 0;
  #waits = 0;
  #waitedMs = 0;

  constructor(clock: Clock, capacity = 1) {
    this.#clock = clock;
    this.#capacity = capacity;
  }

  /** True while somebody holds one. */
  get isHeld(): boolean {
    return this.#held > 0;
  }

  /** True while somebody waits. */
  get isWaitedFor(): boolean {
    return this.#waiting.size > 0;
  }

  /** Times that somebody had to wait. */
  get waits(): number {
    return this.#waits;
  }

  /** All waits together. */
  get waitedMs(): number {
    return this.#waitedMs;
  }

  /** Takes one when one is free; the taker must `leave`. */
  tryEnter(): boolean {
    if (this.#held >= this.#capacity) return false;
    this.#held++;
    return true;
  }

  /** Resolves once the caller holds one. Fails with Timeout, or with Canceled when the caller is gone. */
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
        new Failure("Timeout", `waited ${SQL_CONNECTION_WAIT_MS / 1000}s for ${this.#what}`, {
          retryable: true,
        }),
      );
    });
    if (signal?.aborted) cancel();
    else signal?.addEventListener("abort", cancel);
    return promise;
  }

  get #what(): string {
    return this.#capacity === 1
      ? "the only connection, which a transaction holds"
      : `one of ${this.#capacity} connections, which are all in use`;
  }

  /** Gives it to the next who waits. */
  leave(): void {
    for (const waiting of this.#waiting) {
      waiting.admit();
      return;
    }
    this.#held--;
  }

  /** Refuses everybody who waits. */
  refuseAll(failure: Failure): void {
    for (const waiting of [...this.#waiting]) waiting.refuse(failure);
  }
}
