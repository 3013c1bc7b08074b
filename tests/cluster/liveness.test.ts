/** What a node answers when it is asked whether it is alive. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { watchLiveness } from "../../src/app/cluster/liveness.ts";
import { LivenessChecks } from "../../src/app/metrics/liveness.ts";
import type { ClusterRole } from "../../src/ports/mod.ts";
import { withApplication } from "../application.ts";
import { freePorts, SLOW, type TestNode, withNodes } from "./nodes.ts";

interface Answer {
  readonly status: string;
  readonly checks: readonly { readonly name: string; readonly healthy: boolean; readonly reason?: string }[];
}

async function ask(address: string): Promise<{ status: number; body: Answer }> {
  const response = await fetch(`http://${address}/livez`);
  return { status: response.status, body: await response.json() as Answer };
}

test(
  "a cluster node says at /livez that it is alive, and a follower without a leader that it is not [cluster.liveness]",
  SLOW,
  async () => {
    const addresses = (await freePorts(3)).map((port) => `127.0.0.1:${port}`);
    await withNodes({
      count: 3,
      config: (_name, index) => ({ prometheus: { enabled: true, address: addresses[index]! } }),
      cluster: () => ({ raft: { heartbeat_timeout: "200ms", election_timeout: "200ms" } }),
    }, async (nodes) => {
      const [one, two, three] = nodes as [TestNode, TestNode, TestNode];
      await one.app.until(() => one.cluster.consensus?.stats["voters"] === "n1,n2,n3", "three voters");
      for (const address of addresses) {
        assert.deepEqual(await ask(address), {
          status: 200,
          body: {
            status: "healthy",
            checks: ["gossip", "pg.broadcast_recent.app:scope", "raft.last_contact"].map((name) => ({
              name,
              healthy: true,
            })),
          },
        });
      }
      assert.equal((await fetch(`http://${addresses[0]}/livez`, { method: "POST" })).status, 405);
      await Promise.all([two.vanish(), three.vanish()]);
      const { body } = await one.app.until(async () => {
        const answer = await ask(addresses[0]!);
        return answer.status === 503 ? answer : undefined;
      }, "the node to miss its leader");
      assert.equal(body.status, "unhealthy");
      const bad = body.checks.filter(({ healthy }) => !healthy);
      assert.deepEqual(bad.map(({ name }) => name), ["raft.last_contact"]);
      assert.match(
        bad[0]!.reason!,
        /^no leader was heard of for \d+ ms; a voter may go without for 2000 ms$/,
      );
    });
  },
);

test("a node without a cluster has no checks and is alive", async () => {
  const [port] = await freePorts(1);
  const address = `127.0.0.1:${port}`;
  await withApplication(
    'version: "1.0"\nnamespace: app\nentries:\n  - {name: scope, kind: pg.scope}\n',
    async () => {
      assert.deepEqual(await ask(address), { status: 200, body: { status: "healthy", checks: [] } });
    },
    { config: { prometheus: { enabled: true, address } } },
  );
});

test("gossip may go badly for a minute after the start, a standby may wait longer for a leader than a voter, a leader always passes [cluster.liveness]", () => {
  const checks = new LivenessChecks();
  const view = { healthScore: 7, role: "voter" as ClusterRole, silenceMs: 0 };
  let nowMs = 1_000;
  const stop = watchLiveness(checks, view, { contactMs: 3_000 }, () => nowMs);
  const bad = (): string[] => checks.findings().filter(({ healthy }) => !healthy).map(({ name }) => name);
  assert.deepEqual(bad(), []);
  nowMs += 59_999;
  assert.deepEqual(bad(), []);
  nowMs += 1;
  assert.deepEqual(bad(), ["gossip"]);
  view.healthScore = 3;
  assert.deepEqual(bad(), []);
  view.silenceMs = 30_000;
  assert.deepEqual(bad(), []);
  view.silenceMs = 30_001;
  assert.deepEqual(bad(), ["raft.last_contact"]);
  nowMs += 300_000;
  view.role = "standby";
  assert.deepEqual(bad(), []);
  view.silenceMs = 180_001;
  assert.deepEqual(bad(), ["raft.last_contact"]);
  view.silenceMs = Infinity;
  assert.deepEqual(bad(), ["raft.last_contact"]);
  for (const role of ["leader", "non-member"] as const) {
    view.role = role;
    assert.deepEqual(bad(), []);
  }
  stop();
  assert.deepEqual(checks.findings(), []);
});

test("a check that fails finds something wrong", () => {
  const checks = new LivenessChecks();
  const remove = checks.add("broken", () => {
    throw new Error("out of order");
  });
  assert.deepEqual(checks.findings(), [{ name: "broken", healthy: false, reason: "out of order" }]);
  assert.throws(() => checks.add("broken", () => ""), /two liveness checks/);
  remove();
  assert.deepEqual(checks.findings(), []);
});
