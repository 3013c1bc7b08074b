import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure, type Value } from "../core/mod.ts";
import { SimulatedClock } from "../platform/simulated/mod.ts";
import type { Log } from "../ports/mod.ts";
import { HeldLocks } from "./held_locks.ts";

function stage() {
  const clock = new SimulatedClock();
  const lost: string[] = [];
  const asked: string[] = [];
  const core = { holders: new Map<string, string>(), answerMs: 10, isReachable: true };
  const quiet = (): void => {};
  const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet, named: () => log };
  const locks = new HeldLocks({
    clock,
    log,
    ask: async (names): Promise<Value> => {
      asked.push(`${clock.elapsedMs} ${names.join()}`);
      const { holders, isReachable } = core;
      await clock.sleep(core.answerMs);
      if (!isReachable) throw new Failure("Unavailable", "the cluster has no leader now");
      return names.map((name) => holders.get(name) ?? "");
    },
    lost: (name, pid) => void lost.push(`${clock.elapsedMs} ${name} ${pid}`),
  });
  return { asked, clock, core, locks, lost };
}

test("what the core gave to another is told once, when the core can be asked again", async () => {
  const { asked, clock, core, locks, lost } = stage();
  locks.doubt();
  assert.deepEqual(asked, [], "nothing is held");
  locks.add("a", "p1");
  locks.add("b", "p2");
  locks.add("c", "p3");
  core.isReachable = false;
  locks.doubt();
  locks.doubt();
  await clock.advance(1_000);
  assert.deepEqual(asked, ["0 a,b,c", "510 a,b,c"]);
  assert.deepEqual(lost, []);
  core.isReachable = true;
  core.holders = new Map([["a", "p1"], ["b", "p9"]]);
  await clock.advance(1_000);
  assert.deepEqual(lost, ["1030 b p2", "1030 c p3"]);
  locks.doubt();
  await clock.advance(1_000);
  assert.deepEqual([asked.at(-1), lost.length], ["2000 a", 2]);
});

test("a lock that was given up, or taken anew, while the core was asked is not told; one who has ended is not", async () => {
  const { clock, locks, lost } = stage();
  locks.add("a", "p1");
  locks.add("b", "p1");
  locks.add("c", "p2");
  locks.doubt();
  locks.delete("a", "p1");
  locks.delete("b", "p1");
  locks.add("b", "p1");
  locks.ended("p2");
  await clock.advance(1_000);
  assert.deepEqual(lost, []);
  // Somebody else's is left alone.
  locks.delete("b", "p7");
  locks.doubt();
  await clock.advance(1_000);
  assert.deepEqual(lost, ["1010 b p1"]);
  locks.add("d", "p1");
  locks.close();
  locks.doubt();
  await clock.advance(1_000);
  assert.equal(lost.length, 1);
});
