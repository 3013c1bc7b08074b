/** Contract of the Clock port. */
import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { test } from "node:test";
import { createPorts } from "../../src/platform/mod.ts";
import type { Failure } from "../../src/core/mod.ts";
import { inWorld, WORLDS } from "./worlds.ts";

for (const world of WORLDS) {
  test(`clock (${world}): time goes on and never back`, () =>
    inWorld(world, async ({ ports: { clock } }) => {
      const monotonic = clock.monotonicMs();
      const ns = clock.nowNs();
      await clock.sleep(20);
      assert.ok(clock.monotonicMs() - monotonic >= 19);
      assert.ok(clock.nowNs() > ns);
      assert.ok(Math.abs(Number(clock.nowNs() / 1_000_000n) - clock.nowMs()) <= 5);
    }));

  test(`clock (${world}): timers fire in order of their times, once`, () =>
    inWorld(world, async ({ ports: { clock } }) => {
      const fired: number[] = [];
      for (const delay of [30, 5, 15]) clock.timer(delay, () => fired.push(delay));
      await clock.sleep(60);
      assert.deepEqual(fired, [5, 15, 30]);
    }));

  test(`clock (${world}): a canceled timer never fires`, () =>
    inWorld(world, async ({ ports: { clock } }) => {
      let fired = false;
      const timer = clock.timer(5, () => fired = true);
      timer.cancel();
      timer.cancel();
      await clock.sleep(15);
      assert.equal(fired, false);
    }));

  test(`clock (${world}): sleep rejects with Canceled when its signal aborts`, () =>
    inWorld(world, async ({ ports: { clock } }) => {
      const abort = new AbortController();
      const sleeping = clock.sleep(60_000, abort.signal);
      clock.timer(1, () => abort.abort());
      await assert.rejects(sleeping, (error: Failure) => error.kind === "Canceled");
      await assert.rejects(
        clock.sleep(1, AbortSignal.abort()),
        (error: Failure) => error.kind === "Canceled",
      );
    }));

  test(`clock (${world}): soon keeps order and does not call at once`, () =>
    inWorld(world, async ({ ports: { clock } }) => {
      const seen: number[] = [];
      await new Promise<void>((resolve) => {
        clock.soon(() => seen.push(1));
        clock.soon(() => seen.push(2));
        clock.soon(resolve);
        seen.push(0);
      });
      assert.deepEqual(seen, [0, 1, 2]);
    }));

  test(`clock (${world}): zone offsets follow the zone's rules`, () =>
    inWorld(world, ({ ports: { clock } }) => {
      const winter = Date.UTC(2024, 0, 15);
      const summer = Date.UTC(2024, 6, 15);
      assert.equal(clock.zoneOffsetMinutes("UTC", winter), 0);
      assert.equal(clock.zoneOffsetMinutes("America/New_York", winter), -300);
      assert.equal(clock.zoneOffsetMinutes("America/New_York", summer), -240);
      assert.equal(clock.zoneOffsetMinutes("Asia/Kolkata", summer), 330);
      const change = Date.UTC(2024, 2, 10, 7);
      assert.equal(clock.zoneOffsetMinutes("America/New_York", change - 1), -300);
      assert.equal(clock.zoneOffsetMinutes("America/New_York", change), -240);
      assert.throws(
        () => clock.zoneOffsetMinutes("Mars/Base", winter),
        (error: Failure) => error.kind === "Invalid",
      );
    }));
}

test("clock (system): a delay beyond what the runtime's timers take is kept", async () => {
  const { clock } = createPorts();
  let fired = false;
  const timer = clock.timer(2 ** 31 + 1000, () => fired = true, { background: true });
  await clock.sleep(20);
  timer.cancel();
  assert.equal(fired, false);
});

test("clock (system): nothing starves while soon goes round and round", async () => {
  const { clock } = createPorts();
  const server = createServer((socket) => socket.on("data", (data) => socket.write(data)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const socket = connect(port, "127.0.0.1");
  await new Promise<void>((resolve) => socket.once("connect", () => resolve()));
  let spinning = true;
  let turns = 0;
  const spin = (): void => {
    turns++;
    const until = clock.monotonicMs() + 1;
    while (clock.monotonicMs() < until);
    if (spinning) clock.soon(spin);
  };
  // The rounds begin once it spins: before that nothing could be starved.
  await new Promise<void>((resolve) =>
    clock.soon(() => {
      spin();
      resolve();
    })
  );
  const ROUNDS = 20;
  for (let i = 0; i < ROUNDS; i++) {
    socket.write("x");
    await new Promise<void>((resolve) => socket.once("data", () => resolve()));
  }
  spinning = false;
  socket.destroy();
  server.close();
  // Getting here at all means that I/O is served between turns.
  assert.ok(turns >= 1);
});
