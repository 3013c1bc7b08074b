/** Which run follows which. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LuaError } from "../vm/mod.ts";
import { type KeptOptions, keptOptions } from "./start_options.ts";
import { firstRunMs, nextRun, type RunEnd } from "./succession.ts";

const options = (given: Partial<KeptOptions>): KeptOptions => keptOptions(JSON.stringify(given));
const retry = { initialMs: 100, coefficient: 3, longestMs: 500, attemptsMax: 4, finalKinds: ["Invalid"] };
const failed = (kind = "Unavailable", retryable: boolean | null = null): RunEnd => ({
  error: new LuaError("no", kind, retryable),
  isTimeout: kind === "Timeout",
  wasCancelled: false,
});
const FINE: RunEnd = { error: null, isTimeout: false, wasCancelled: false };
const row = (attempt: number) => ({ attempt, firstMs: 0, run: attempt });

test("waits between attempts grow by the coefficient up to the longest, until there were enough", () => {
  const waits = [1, 2, 3, 4].map((attempt) => nextRun(row(attempt), options({ retry }), failed(), 1_000));
  assert.deepEqual(waits, [
    { run: 2, attempt: 2, runMs: 1_100 },
    { run: 3, attempt: 3, runMs: 1_300 },
    { run: 4, attempt: 4, runMs: 1_500 },
    undefined,
  ]);
});

test("a run is not followed when it was fine, final, cancelled, or when all time would be over", () => {
  for (
    const end of [FINE, failed("Invalid"), failed("Internal", false), { ...failed(), wasCancelled: true }]
  ) {
    assert.equal(nextRun(row(1), options({ retry }), end, 0), undefined);
  }
  assert.equal(nextRun(row(1), options({ retry, executionMs: 1_100 }), failed(), 1_000), undefined);
  assert.equal(nextRun(row(1), options({ retry }), failed("Timeout", false), 0)?.attempt, 2);
});

test("a schedule follows a clean end and the last attempt; the attempts of its next run begin anew", () => {
  const hourly = options({ cron: "0 * * * *", retry });
  const hourMs = 3_600_000;
  assert.deepEqual(nextRun(row(1), hourly, FINE, 10), { run: 2, attempt: 1, runMs: hourMs });
  assert.deepEqual(nextRun(row(4), hourly, failed(), hourMs), { run: 5, attempt: 1, runMs: 2 * hourMs });
  assert.deepEqual(nextRun(row(1), options({ cron: "@every 90s" }), FINE, 100_000), {
    run: 2,
    attempt: 1,
    runMs: 180_000,
  });
  assert.equal(firstRunMs(hourly, 5, 2 * hourMs), 3 * hourMs);
  assert.equal(firstRunMs(options({}), 5, 20), 25);
});
