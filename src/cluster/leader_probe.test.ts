import assert from "node:assert/strict";
import { test } from "node:test";
import { SimulatedClock } from "../platform/simulated/mod.ts";
import { LeaderProbe } from "./leader_probe.ts";

function stage(more: { intervalMs?: number } = {}) {
  const clock = new SimulatedClock();
  const heard: string[] = [];
  const state = {
    leader: "n1",
    answer: (_leader: string, _timeoutMs: number): Promise<string> => Promise.resolve(""),
  };
  const probe = new LeaderProbe({
    clock,
    self: "n9",
    intervalMs: 3_000,
    grace: 3,
    leader: () => state.leader,
    ask: (leader, timeoutMs) => {
      heard.push(`${clock.elapsedMs} asks ${leader}`);
      return state.answer(leader, timeoutMs);
    },
    told: (leader) => void heard.push(`${clock.elapsedMs} told ${leader}`),
    changed: (leader, isLost) => void heard.push(`${clock.elapsedMs} ${leader} ${isLost ? "lost" : "back"}`),
    ...more,
  });
  return { clock, heard, probe, state };
}

const late = (clock: SimulatedClock) => (_leader: string, timeoutMs: number): Promise<string> =>
  new Promise((_, reject) => clock.timer(timeoutMs, () => reject(new Error("late"))));

test("a leader is asked at the interval, and is out of reach after as many failures in a row as the grace says [cluster.raft.leader-probe]", async () => {
  const { clock, heard, probe, state } = stage();
  state.answer = (leader) => Promise.resolve(leader);
  probe.start();
  await clock.advance(7_000);
  assert.deepEqual(heard, ["3000 asks n1", "6000 asks n1"]);
  heard.length = 0;
  state.answer = () => Promise.reject(new Error("no link"));
  await clock.advance(6_000);
  assert.equal(probe.isLost("n1"), false);
  // An answer in between: counted anew.
  state.answer = (leader) => Promise.resolve(leader);
  await clock.advance(3_000);
  state.answer = late(clock);
  await clock.advance(9_000);
  assert.equal(probe.isLost("n1"), false);
  await clock.advance(3_000);
  assert.equal(probe.isLost("n1"), true);
  assert.equal(heard.filter((line) => line.endsWith("lost")).length, 1);
  state.answer = (leader) => Promise.resolve(leader);
  await clock.advance(6_000);
  assert.equal(probe.isLost("n1"), false);
  assert.equal(heard.filter((line) => line.endsWith("back")).length, 1);
  probe.close();
  const count = heard.length;
  await clock.advance(60_000);
  assert.equal(heard.length, count);
});

test("another leader is counted anew, this node and nobody are not asked, and who leads now is passed on", async () => {
  const { clock, heard, probe, state } = stage();
  probe.start();
  state.answer = () => Promise.reject(new Error("no link"));
  await clock.advance(6_000);
  state.leader = "n2";
  await clock.advance(6_000);
  assert.equal(probe.isLost("n2"), false);
  state.leader = "n9";
  await clock.advance(9_000);
  state.leader = "";
  await clock.advance(9_000);
  assert.deepEqual(heard, ["3000 asks n1", "6000 asks n1", "9000 asks n2", "12000 asks n2"]);
  state.leader = "n1";
  state.answer = () => Promise.resolve("n2");
  await clock.advance(3_000);
  assert.deepEqual(heard.slice(-2), ["33000 asks n1", "33000 told n2"]);
  probe.close();
});

test("an interval of 0 asks nothing", async () => {
  const { clock, heard, probe } = stage({ intervalMs: 0 });
  probe.start();
  await clock.advance(60_000);
  assert.deepEqual(heard, []);
});
