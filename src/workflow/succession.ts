/** Which run follows one that has ended. */
import type { LuaError } from "../vm/mod.ts";
import { CronSchedule } from "./cron_schedule.ts";
import type { NextRun, WorkflowRow } from "./journal.ts";
import type { KeptOptions, RetryPolicy } from "./start_options.ts";

/** How a run ended. */
export interface RunEnd {
  /** null after a clean end. */
  readonly error: LuaError | null;
  /** Whether its time was up. */
  readonly isTimeout: boolean;
  /** Whether it had been asked to end: then none follows. */
  readonly wasCancelled: boolean;
}

/** The run after one of `row`; undefined when the workflow is over. */
export function nextRun(
  { attempt, firstMs, run }: Pick<WorkflowRow, "attempt" | "firstMs" | "run">,
  { cron, executionMs, retry }: KeptOptions,
  end: RunEnd,
  nowMs: number,
): Omit<NextRun, "seed"> | undefined {
  if (end.wasCancelled) return undefined;
  const lastMs = executionMs > 0 ? firstMs + executionMs : Infinity;
  if (retry !== null && end.error !== null && isRetried(retry, attempt, end)) {
    const runMs = nowMs + delayMs(retry, attempt);
    if (runMs < lastMs) return { run: run + 1, attempt: attempt + 1, runMs };
  }
  const runMs = cron === "" ? undefined : new CronSchedule(cron).next(firstMs, nowMs);
  return runMs !== undefined && runMs < lastMs ? { run: run + 1, attempt: 1, runMs } : undefined;
}

/** When the first run begins: after its delay, and then at the time of its schedule. */
export function firstRunMs({ cron }: KeptOptions, startedMs: number, startDelayMs: number): number {
  const fromMs = startedMs + startDelayMs;
  return cron === "" ? fromMs : new CronSchedule(cron).next(fromMs, fromMs) ?? fromMs;
}

function isRetried(
  { attemptsMax, finalKinds }: RetryPolicy,
  attempt: number,
  { error, isTimeout }: RunEnd,
): boolean {
  if (attemptsMax > 0 && attempt >= attemptsMax) return false;
  // A run whose time was up has not said that trying again is of no use.
  return isTimeout || error!.retryable !== false && !finalKinds.includes(error!.kind);
}

function delayMs({ coefficient, initialMs, longestMs }: RetryPolicy, attempt: number): number {
  return Math.min(longestMs, initialMs * coefficient ** (attempt - 1));
}
