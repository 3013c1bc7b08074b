/**
 * The system's clock.
 *
 * K1. `nowNs` never runs more than `DRIFT_MS_MAX` apart from the wall clock, and has finer steps than it.
 * K2. `soon` lets waiting I/O through: on Bun every immediate polls for I/O, on Deno an immediate does not, so that at least
 *     every `POLL_EVERY_MS` a call waits for an operation of the system.
 */
import { Failure } from "../core/mod.ts";
import type { Clock, TimerHandle } from "../ports/mod.ts";
import { BUN, DENO, type DenoGlobal, TIMERS } from "./runtime_globals.ts";

const { clearTimeout, setImmediate, setTimeout } = TIMERS;

/** Longest delay the runtimes' timers take; longer ones are chained. */
const TIMER_MS_MAX = 2_147_483_647;
const DRIFT_MS_MAX = 2;
const POLL_EVERY_MS = 3;
/** Zone offsets change at quarter hours only. */
const ZONE_STEP_MS = 900_000;

interface Zone {
  readonly format: Intl.DateTimeFormat;
  step: number;
  minutes: number;
}

/** Milliseconds since this program began. Bun makes its object for that when it is first asked for. */
const monotonic: () => number = BUN === undefined ? () => performance.now() : () => BUN!.nanoseconds() / 1e6;

/** Real time. */
export class SystemClock implements Clock {
  #localZone: string | undefined;
  #baseMs = Date.now() - monotonic();
  #polledMs = 0;
  #waiting: (() => void)[] = [];
  readonly #zones = new Map<string, Zone>();

  /** Found when it is first asked for: loading the tables of zones takes longer than all of a short run. */
  get localZone(): string {
    return this.#localZone ??= new Intl.DateTimeFormat().resolvedOptions().timeZone;
  }

  nowNs(): bigint {
    const elapsed = monotonic();
    const wall = Date.now();
    if (Math.abs(this.#baseMs + elapsed - wall) > DRIFT_MS_MAX) this.#baseMs = wall - elapsed;
    const whole = Math.floor(this.#baseMs);
    const rest = elapsed + (this.#baseMs - whole);
    const restMs = Math.floor(rest);
    return BigInt(whole + restMs) * 1_000_000n + BigInt(Math.floor((rest - restMs) * 1e6));
  }

  nowMs(): number {
    return Date.now();
  }

  monotonicMs(): number {
    return monotonic();
  }

  timer(delayMs: number, fire: () => void, options: { background?: boolean } = {}): TimerHandle {
    const endsMs = monotonic() + delayMs;
    let timeout: ReturnType<typeof setTimeout>;
    const arm = (restMs: number): void => {
      const late = (): void => arm(endsMs - monotonic());
      timeout = restMs > TIMER_MS_MAX
        ? setTimeout(late, TIMER_MS_MAX)
        : setTimeout(fire, Math.max(0, restMs));
      if (options.background) timeout.unref();
    };
    arm(delayMs);
    return { cancel: () => clearTimeout(timeout) };
  }

  soon(fire: () => void): void {
    if (DENO === undefined) {
      setImmediate(fire);
      return;
    }
    this.#waiting.push(fire);
    if (this.#waiting.length === 1) this.#scheduleOnDeno(DENO);
  }

  #scheduleOnDeno(deno: DenoGlobal): void {
    const serve = (): void => {
      const ready = this.#waiting;
      this.#waiting = [];
      let served = 0;
      try {
        for (const fire of ready) {
          served++;
          fire();
        }
      } finally {
        // One that threw must not take the others with it.
        if (served < ready.length) {
          this.#waiting = [...ready.slice(served), ...this.#waiting];
          setImmediate(serve);
        }
      }
    };
    if (monotonic() - this.#polledMs < POLL_EVERY_MS) {
      setImmediate(serve);
      return;
    }
    const polled = (): void => {
      this.#polledMs = monotonic();
      // Not inside the promise: what is thrown has to reach the runtime as it does from a timer.
      setImmediate(serve);
    };
    deno.stat("/").then(polled, polled);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(new Failure("Canceled", "sleep canceled"));
        return;
      }
      const timer = this.timer(delayMs, () => {
        signal?.removeEventListener("abort", abort);
        resolve();
      });
      const abort = (): void => {
        timer.cancel();
        reject(new Failure("Canceled", "sleep canceled"));
      };
      signal?.addEventListener("abort", abort, { once: true });
    });
  }

  zoneOffsetMinutes(zone: string, ms: number): number {
    if (zone === "") return -new Date(ms).getTimezoneOffset();
    if (zone === "UTC") return 0;
    let known = this.#zones.get(zone);
    if (known === undefined) {
      known = { format: zoneFormat(zone), step: NaN, minutes: 0 };
      this.#zones.set(zone, known);
    }
    const step = Math.floor(ms / ZONE_STEP_MS);
    if (known.step !== step) {
      known.minutes = offsetOf(known.format, step * ZONE_STEP_MS);
      known.step = step;
    }
    return known.minutes;
  }
}

function zoneFormat(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      era: "short",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
  } catch (error) {
    throw new Failure("Invalid", `unknown time zone ${zone}`, { cause: error });
  }
}

/** Minutes east of UTC at `ms`, which is a whole number of seconds. */
function offsetOf(format: Intl.DateTimeFormat, ms: number): number {
  const parts: Record<string, string> = {};
  for (const { type, value } of format.formatToParts(ms)) parts[type] = value;
  const year = parts["era"] === "BC" ? 1 - Number(parts["year"]) : Number(parts["year"]);
  const local = new Date(0);
  local.setUTCFullYear(year, Number(parts["month"]) - 1, Number(parts["day"]));
  local.setUTCHours(Number(parts["hour"]), Number(parts["minute"]), Number(parts["second"]));
  return Math.round((local.getTime() - ms) / 60_000);
}
