/** The consensus core under lost, repeated, late and cut messages, crashes, snapshots and changes of its members. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { RaftStage } from "./raft_stage.ts";
import { runSeeds, SEEDS_TIMEOUT_MS } from "./seeds.ts";
import type { Trace } from "./world.ts";

let confirmed = 0;

async function simulate(seed: number): Promise<Trace> {
  const stage = new RaftStage(seed);
  await stage.suffer(120);
  await stage.recover();
  stage.assertRules();
  confirmed += stage.confirmed;
  return stage.trace;
}

test("one leader for a term, one order of entries, no confirmed name lost or held twice, whatever fails", {
  timeout: SEEDS_TIMEOUT_MS,
}, async () => {
  await runSeeds("raft.test.ts", simulate);
  assert.ok(confirmed > 0, "nothing was ever confirmed");
});

test("the same seed gives the same run", async () => {
  assert.equal((await simulate(7)).hash, (await simulate(7)).hash);
});
