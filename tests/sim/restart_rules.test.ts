/** Time limits, retries and ends of supervised services, one by one, on virtual time. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure } from "../../src/core/mod.ts";
import type { StartScript } from "./scripted_service.ts";
import { BOOM, drive, stage } from "./supervision_stage.ts";

test("a start that takes longer than start_timeout fails, and its late run is stopped [life.start-timeout]", async () => {
  const s = stage();
  const slow = s.add("slow", [{ afterMs: 12_000, ignoresAbort: true }, {}], { startup: "optional" });
  await drive(s, s.supervisor.startAll());
  assert.equal(s.ports.clock.elapsedMs, 10_000);
  assert.equal(s.supervisor.state("slow")?.status, "failed");
  assert.match(s.supervisor.state("slow")!.details, /slow did not start within 10s/);
  await s.ports.clock.advance(5_000);
  assert.equal(s.supervisor.state("slow")?.status, "running");
  assert.equal(slow.starts, 2);
  assert.equal(slow.live, 1);
});

test("a start_timeout aborts the signal that the service was started with [life.start-timeout]", async () => {
  const s = stage();
  s.add("slow", [{ afterMs: 60_000 }], {
    startTimeoutMs: 300,
    startup: "optional",
    restart: { maxAttempts: 1 },
  });
  await drive(s, s.supervisor.startAll());
  await s.ports.clock.run();
  assert.equal(s.ports.clock.elapsedMs, 300 + 1_000 + 300);
});

test("stopping is gentle for stop_timeout, then by force, and never hangs [life.stop-timeout]", async () => {
  const s = stage();
  s.add("gentle", [{ stopMs: 9_000 }]);
  s.add("forced", [{ stopMs: 60_000 }]);
  s.add("deaf", [{ stopMs: 60_000, yieldsToForce: false }]);
  await drive(s, s.supervisor.startAll());
  await drive(s, s.supervisor.stop("gentle"));
  assert.equal(s.ports.clock.elapsedMs, 9_000);
  await drive(s, s.supervisor.stop("forced"));
  assert.equal(s.ports.clock.elapsedMs, 19_000);
  await drive(s, s.supervisor.stop("deaf"));
  assert.equal(s.ports.clock.elapsedMs, 34_000);
  assert.deepEqual(s.supervisor.states().map(({ status }) => status), ["stopped", "stopped", "stopped"]);
  assert.ok(
    s.log.records.some(({ level, message }) => level === 1 && message.includes("service deaf did not stop")),
  );
});

test("retries wait 1, 2, 4, 8 s up to the cap [life.restart.initial] [life.restart.factor]", async () => {
  const s = stage();
  s.add("a", [{ failure: BOOM }], { startup: "optional" });
  await drive(s, s.supervisor.startAll());
  await s.ports.clock.advance(350_000);
  const times = s.startTimes("a");
  assert.deepEqual(times.slice(1).map((time, i) => time - times[i]!), [
    1_000,
    2_000,
    4_000,
    8_000,
    16_000,
    32_000,
    64_000,
    90_000,
    90_000,
  ]);
  assert.equal(s.supervisor.state("a")?.retryCount, 10);
  assert.equal(s.supervisor.state("a")?.restarts, 10);
});

test("initial_delay, backoff_factor and max_delay come from the entry [life.restart.max-delay] [life.restart.factor]", async () => {
  const s = stage();
  s.add("a", [{ failure: BOOM }], {
    startup: "optional",
    restart: { initialDelayMs: 100, backoffFactor: 3, maxDelayMs: 1_000 },
  });
  await drive(s, s.supervisor.startAll());
  await s.ports.clock.advance(3_500);
  assert.deepEqual(s.startTimes("a"), [0, 100, 400, 1_300, 2_300, 3_300]);
});

test("jitter spreads each delay by its share around the base, at the cap too [life.restart.jitter]", async () => {
  const s = stage({ seed: 7 });
  s.add("a", [{ failure: BOOM }], { startup: "optional", restart: { jitter: 0.1 } });
  await drive(s, s.supervisor.startAll());
  await s.ports.clock.advance(20_000_000);
  const times = s.startTimes("a");
  const capped = times.slice(1).map((time, i) => time - times[i]!).slice(7);
  assert.ok(capped.length > 200);
  assert.ok(capped.every((delay) => delay >= 81_000 && delay <= 99_000));
  assert.ok(Math.min(...capped) < 83_000 && Math.max(...capped) > 97_000);
});

test("max_attempts bounds the retries, and the service stays failed [life.restart.max-attempts]", async () => {
  const s = stage();
  const a = s.add("a", [{ failure: BOOM }], { startup: "optional", restart: { maxAttempts: 3 } });
  await drive(s, s.supervisor.startAll());
  await s.ports.clock.run();
  assert.equal(a.starts, 4);
  const state = s.supervisor.state("a")!;
  assert.equal(state.status, "failed");
  assert.equal(state.retryCount, 3);
  assert.equal(state.details, "boom (given up after 3 retries)");
  // A start by hand begins anew.
  await assert.rejects(drive(s, s.supervisor.start("a")), { message: "boom" });
  assert.equal(a.starts, 5);
  assert.equal(s.supervisor.state("a")?.retryCount, 1);
});

test("running for stable_threshold resets the retry counter [life.stable]", async () => {
  const s = stage();
  const short: StartScript = { endsAfterMs: 4_999, ends: BOOM };
  s.add("a", [short, short, { endsAfterMs: 5_000, ends: BOOM }, short]);
  await drive(s, s.supervisor.startAll());
  await s.ports.clock.advance(4_999 + 1_000 + 4_999 + 2_000 + 4_998);
  assert.equal(s.supervisor.state("a")?.retryCount, 2);
  await s.ports.clock.advance(3);
  assert.equal(s.supervisor.state("a")?.status, "failed");
  assert.equal(s.supervisor.state("a")?.retryCount, 1);
  assert.deepEqual(s.startTimes("a").length, 3);
  await s.ports.clock.advance(1_000);
  assert.equal(s.startTimes("a").length, 4);
  assert.equal(s.supervisor.state("a")?.retryCount, 1);
});

test("cancellation, an explicit end and failures marked as final are not retried [life.terminal]", async () => {
  const ends = [
    new Failure("Canceled", "context canceled"),
    new Failure("Terminated", "process terminated"),
    new Failure("Internal", "no use", { retryable: false }),
  ];
  for (const end of ends) {
    const s = stage();
    const a = s.add("a", [{ endsAfterMs: 10, ends: end }]);
    const b = s.add("b", [{ failure: end }], { startup: "optional" });
    await drive(s, s.supervisor.startAll());
    await s.ports.clock.run();
    assert.deepEqual([a.starts, b.starts], [1, 1], end.message);
    assert.deepEqual(s.supervisor.states().map(({ status, details }) => [status, details]), [
      ["exited", end.message],
      ["exited", end.message],
    ]);
  }
});

test("a failure that may be retried, or does not say, is retried [life.failed-process]", async () => {
  for (
    const end of [BOOM, new Failure("Invalid", "odd"), new Failure("Internal", "x", { retryable: true })]
  ) {
    const s = stage();
    const a = s.add("a", [{ endsAfterMs: 10, ends: end }, {}]);
    await drive(s, s.supervisor.startAll());
    await s.ports.clock.run();
    assert.equal(a.starts, 2);
    assert.equal(s.supervisor.state("a")?.status, "running");
  }
});

test("a clean end is an exit without restart [life.clean-exit]", async () => {
  const s = stage();
  const a = s.add("a", [{ endsAfterMs: 10 }]);
  await drive(s, s.supervisor.startAll());
  await s.ports.clock.run();
  assert.equal(a.starts, 1);
  assert.equal(s.supervisor.state("a")?.status, "exited");
});
