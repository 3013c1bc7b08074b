/**
 * Asks the leader now and then whether it is there: one that is still linked, or still believed in, may answer nothing any more.
 *
 * L1. A leader counts as out of reach after `grace` questions in a row without an answer, and is counted anew when it answers or when
 *     there is another one.
 */
import type { Clock, TimerHandle } from "../ports/mod.ts";

/** What probing needs. */
export interface LeaderProbeOptions {
  readonly clock: Clock;
  readonly self: string;
  /** Time between two questions; 0 asks none. */
  readonly intervalMs: number;
  readonly grace: number;
  /** The leader that this node believes in; "" for none. */
  readonly leader: () => string;
  /** Asks it who leads; rejects when no answer comes in time. */
  readonly ask: (leader: string, timeoutMs: number) => Promise<string>;
  /** One that was asked has said who leads. */
  readonly told: (leader: string) => void;
  /** The leader is out of reach, or within reach again. */
  readonly changed: (leader: string, isLost: boolean) => void;
}

/** The questions of one node. */
export class LeaderProbe {
  readonly #options: LeaderProbeOptions;
  #asked = "";
  #failures = 0;
  #timer: TimerHandle | undefined;
  #isClosed = false;

  constructor(options: LeaderProbeOptions) {
    this.#options = options;
  }

  /** Begins to ask. */
  start(): void {
    const { clock, intervalMs } = this.#options;
    if (intervalMs <= 0 || this.#isClosed) return;
    this.#timer = clock.timer(intervalMs, () => {
      this.start();
      void this.#probe();
    }, { background: true });
  }

  /** Asks nothing more. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
  }

  /** Whether this leader counts as out of reach; see L1. */
  isLost(leader: string): boolean {
    return leader !== "" && leader === this.#asked && this.#failures >= this.#options.grace;
  }

  async #probe(): Promise<void> {
    const { ask, changed, grace, intervalMs, leader: believed, self, told } = this.#options;
    const leader = believed();
    if (leader !== this.#asked) {
      this.#asked = leader;
      this.#failures = 0;
    }
    if (leader === "" || leader === self) return;
    let next: string | undefined;
    try {
      next = await ask(leader, intervalMs);
    } catch {
      next = undefined;
    }
    // Meanwhile it may be another one's turn.
    if (this.#isClosed || this.#asked !== leader) return;
    if (next === undefined) {
      this.#failures += 1;
      if (this.#failures === grace) changed(leader, true);
      return;
    }
    const wasLost = this.isLost(leader);
    this.#failures = 0;
    if (wasLost) changed(leader, false);
    if (next !== leader) told(next);
  }
}
