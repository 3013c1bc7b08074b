/** When a recurring workflow runs: cron text with five fields or a nickname, `@every DURATION`, either after `CRON_TZ=ZONE`. */
import { Cron } from "croner";
import { Failure, parseDurationNs } from "../core/mod.ts";

const EVERY = "@every ";
const EVERY_MS_LEAST = 1_000;

/** A schedule. */
export class CronSchedule {
  readonly #everyMs: number | undefined;
  readonly #cron: Cron | undefined;

  /** Fails with Invalid when `text` is no schedule, or one that never comes. */
  constructor(text: string) {
    const [, zone = "UTC", rest = ""] = /^(?:(?:CRON_)?TZ=(\S+)\s+)?(.*)$/s.exec(text.trim())!;
    const refuse = (why: string, cause?: unknown): Failure => {
      const message =
        `temporal.workflow.cron_schedule: "${text}" ${why} (examples: "0 */6 * * *", "@daily", ` +
        `"@every 90s", "CRON_TZ=Europe/Berlin 0 9 * * MON-FRI")`;
      return new Failure("Invalid", message, { retryable: false, cause });
    };
    if (rest.startsWith(EVERY)) {
      const everyMs = (parseDurationNs(rest.slice(EVERY.length).trim()) ?? NaN) / 1e6;
      if (!(everyMs >= EVERY_MS_LEAST)) throw refuse("needs a duration of at least 1s after @every");
      this.#everyMs = everyMs;
      return;
    }
    let first: number | undefined;
    try {
      this.#cron = new Cron(rest, { timezone: zone, mode: "5-part", paused: true });
      first = this.next(0, 0);
    } catch (error) {
      // The library speaks at length; its first sentence says what is wrong.
      const [why] = String(error instanceof Error ? error.message : error).split(/\. |\n/);
      throw refuse(`is no schedule: ${why}`, error);
    }
    if (first === undefined) throw refuse("never comes");
  }

  /** The first time after `afterMs`; intervals are counted from `anchorMs`. */
  next(anchorMs: number, afterMs: number): number | undefined {
    if (this.#everyMs !== undefined) {
      return anchorMs + (Math.floor(Math.max(0, afterMs - anchorMs) / this.#everyMs) + 1) * this.#everyMs;
    }
    return this.#cron!.nextRun(new Date(afterMs))?.getTime();
  }
}
