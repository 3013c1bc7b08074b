/** Time, as everything but `src/platform` sees it. */

/** A pending timer. */
export interface TimerHandle {
  cancel(): void;
}

/** Wall time, monotonic time and timers; simulated in tests. */
export interface Clock {
  /** Nanoseconds since the Unix epoch. */
  nowNs(): bigint;
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Milliseconds of a clock that never goes back. */
  monotonicMs(): number;
  /** Calls `fire` once after `delayMs`. Never keeps the program alive when `background` is set. */
  timer(delayMs: number, fire: () => void, options?: { background?: boolean }): TimerHandle;
  /** Calls `fire` once I/O that is already waiting has been served: the fair "next tick". Virtual in simulation. */
  soon(fire: () => void): void;
  /** Resolves after `delayMs`, or rejects with Canceled when `signal` aborts. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
  /** Offset of local time from UTC at `ms`, in minutes east, for zone `zone` (IANA name; `""` local). */
  zoneOffsetMinutes(zone: string, ms: number): number;
  /** IANA name of the local zone; absent means UTC. */
  readonly localZone?: string;
}
