/** The time of a workflow: that of the step it is in. It stands still while the workflow runs. */
import type { Clock, TimerHandle } from "../ports/mod.ts";

/** Sets a timer that is recorded. */
export type TimerMaker = (delayMs: number, fire: () => void) => TimerHandle;

/** A clock that somebody else moves. */
export class WorldClock implements Clock {
  readonly #zones: Pick<Clock, "zoneOffsetMinutes" | "localZone">;
  readonly #timer: TimerMaker;
  #waiting: (() => void)[] = [];
  /** Milliseconds since the Unix epoch. */
  nowAtMs = 0;

  constructor(zones: Pick<Clock, "zoneOffsetMinutes" | "localZone">, timer: TimerMaker) {
    this.#zones = zones;
    this.#timer = timer;
  }

  get localZone(): string | undefined {
    return this.#zones.localZone;
  }

  nowNs(): bigint {
    return BigInt(Math.round(this.nowAtMs)) * 1_000_000n;
  }

  nowMs(): number {
    return this.nowAtMs;
  }

  monotonicMs(): number {
    return this.nowAtMs;
  }

  timer(delayMs: number, fire: () => void): TimerHandle {
    return this.#timer(delayMs, fire);
  }

  soon(fire: () => void): void {
    this.#waiting.push(fire);
  }

  /** Calls what was to be called soon; false when there was nothing. */
  drain(): boolean {
    const due = this.#waiting;
    this.#waiting = [];
    for (const fire of due) fire();
    return due.length > 0;
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = this.timer(delayMs, () => resolve());
      signal?.addEventListener("abort", () => {
        timer.cancel();
        reject(signal.reason as Error);
      }, { once: true });
    });
  }

  zoneOffsetMinutes(zone: string, ms: number): number {
    return this.#zones.zoneOffsetMinutes(zone, ms);
  }
}
