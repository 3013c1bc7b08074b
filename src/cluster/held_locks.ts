/**
 * Locks of the processes of this node, as far as it knows: one that was taken away while the node could not be reached has to be
 * told to who believes in it.
 *
 * K1. After every time that the core, or another node, could not be reached, the core is asked about each; until it answers.
 */
import { asFailure, type Value } from "../core/mod.ts";
import type { Clock, Log } from "../ports/mod.ts";

/** What the locks need. */
export interface HeldLockOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Asks the core who holds the locks of these names: a pid for each, in their order; "" for none. */
  readonly ask: (names: readonly string[]) => Promise<Value>;
  /** A process does not hold a lock any more that it did not release. */
  readonly lost: (name: string, pid: string) => void;
}

interface Held {
  readonly pid: string;
}

const RETRY_MS = 500;

/** The locks of one node. */
export class HeldLocks {
  readonly #options: HeldLockOptions;
  readonly #held = new Map<string, Held>();
  #isAsking = false;
  #isStale = false;
  #isClosed = false;

  constructor(options: HeldLockOptions) {
    this.#options = options;
  }

  /** A process of this node holds a lock. */
  add(name: string, pid: string): void {
    this.#held.set(name, { pid });
  }

  /** It gives it up. */
  delete(name: string, pid: string): void {
    if (this.#held.get(name)?.pid === pid) this.#held.delete(name);
  }

  /** It has ended. */
  ended(pid: string): void {
    for (const name of [...this.#held.keys()]) this.delete(name, pid);
  }

  /** Something may have happened that this node knows nothing of; see K1. */
  doubt(): void {
    this.#isStale = true;
    if (!this.#isAsking) void this.#work();
  }

  /** Asks nothing more. */
  close(): void {
    this.#isClosed = true;
    this.#held.clear();
  }

  async #work(): Promise<void> {
    const { clock, log } = this.#options;
    this.#isAsking = true;
    while (this.#isStale && this.#held.size > 0 && !this.#isClosed) {
      this.#isStale = false;
      try {
        await this.#compare(new Map(this.#held));
      } catch (error) {
        this.#isStale = true;
        log.debug("locks can't be looked up yet", { error: asFailure(error).message });
        await clock.sleep(RETRY_MS);
      }
    }
    this.#isAsking = false;
  }

  async #compare(held: ReadonlyMap<string, Held>): Promise<void> {
    const { ask, lost } = this.#options;
    const names = [...held.keys()];
    const holders = await ask(names);
    if (!Array.isArray(holders)) return;
    for (const [i, name] of names.entries()) {
      const lock = held.get(name)!;
      // Given up, and taken again maybe, since it was asked.
      if (holders[i] === lock.pid || this.#held.get(name) !== lock) continue;
      this.#held.delete(name);
      lost(name, lock.pid);
    }
  }
}
