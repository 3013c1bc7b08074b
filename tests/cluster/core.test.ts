/** How the consensus core forms, loses members and gets them back, on real nodes. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Failure } from "../../src/core/mod.ts";
import { createPorts } from "../../src/platform/mod.ts";
import { memoryFolder, Nodes, settled, SLOW, type TestNode, withNodes } from "./nodes.ts";

const CONSISTENT = 2;

function voters({ cluster }: TestNode): string {
  return cluster.consensus!.stats["voters"]!;
}

test(
  "nodes that expect each other form one core together, with the same first members [cluster.raft.bootstrap]",
  SLOW,
  async () => {
    const nodes = new Nodes({ count: 0, cluster: () => ({ raft: { bootstrap_expect: 3 } }) });
    try {
      await nodes.addTogether(3);
      await settled(nodes.all);
      // One that a leader has reached already has nothing to begin any more; a majority has to begin.
      const begun = nodes.all.flatMap(({ app }) => app.logs)
        .filter(({ message }) => message === "the consensus core begins")
        .map(({ fields }) => (fields["voters"] as string[]).join());
      assert.ok(begun.length >= 2, `${begun.length} have begun`);
      assert.deepEqual(new Set(begun), new Set(["n1,n2,n3"]));
      for (const { cluster } of nodes.all) assert.ok(["leader", "voter"].includes(cluster.role));
      // Who comes later is taken up, and begins nothing.
      const four = await nodes.add("n4", { raft: { bootstrap_expect: 3 } });
      await four.app.until(() => four.cluster.role === "standby", "it to be a standby");
      assert.ok(!four.app.logs.some(({ message }) => message === "the consensus core begins"));
    } finally {
      await nodes.stop();
    }
  },
);

test(
  "a standby takes the place of a voter that is lost [cluster.promotion] [cluster.raft.caps]",
  SLOW,
  () =>
    withNodes({ count: 5, cluster: () => ({ raft: { max_voters: 3, max_standbys: 1 } }) }, async (nodes) => {
      const [one, two, , , five] = nodes as [TestNode, TestNode, TestNode, TestNode, TestNode];
      await one.app.until(
        () => voters(one) === "n1,n2,n3" && one.cluster.consensus!.stats["standbys"] === "n4",
        "the core",
      );
      assert.equal(five.cluster.role, "non-member");
      await two.vanish();
      await one.app.until(() => voters(one) === "n1,n3,n4", "n4 to vote");
      await one.app.until(() => one.cluster.consensus!.stats["standbys"] === "n5", "n5 to stand by");
    }),
);

test(
  "without a majority nothing new is decided and lookups go on; restarted nodes bring it back [cluster.failure] [cluster.raft.dir]",
  SLOW,
  async () => {
    const folder = memoryFolder();
    const nodes = new Nodes({ count: 3, cluster: (name) => ({ raft: { data_dir: join(folder, name) } }) });
    try {
      for (let i = 0; i < 3; i++) await nodes.add();
      const [one, two, three] = nodes.all as [TestNode, TestNode, TestNode];
      await one.app.until(() => voters(one) === "n1,n2,n3", "three voters");
      const holder = one.member();
      await one.cluster.names.register("before", holder, CONSISTENT);
      await Promise.all([two.vanish(), three.vanish()]);
      await assert.rejects(one.cluster.names.register("during", holder, CONSISTENT), {
        kind: "Unavailable",
        retryable: true,
      });
      await assert.rejects(one.cluster.locks.acquire("during", holder), { kind: "Unavailable" });
      assert.equal(one.app.application.runtime.names.lookup("before"), holder);
      const again = await nodes.add("n2");
      await again.app.until(() => again.cluster.leader !== "", "a leader");
      // A leader may be lost again at once where all nodes share a busy machine.
      await one.app.until(
        () =>
          one.cluster.names.register("after", holder, CONSISTENT).then(() => true, (error: Failure) => {
            if (error.kind !== "Unavailable") throw error;
            return undefined;
          }),
        "the name after",
      );
      // What was decided before is known to the one that came back, from its disk and from the others.
      await again.app.until(
        () => again.app.application.runtime.names.lookup("before") === holder,
        "the name",
      );
      assert.equal(one.app.application.runtime.messages.localId(holder) !== undefined, true);
    } finally {
      await nodes.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test(
  "pairs that are kept outlast the whole cluster, others do not [kv.crdt] [cluster.raft.dir]",
  SLOW,
  async () => {
    const folder = memoryFolder();
    const project = `version: "1.0"
namespace: app
entries:
  - {name: kept, kind: store.kv.crdt, namespace: kept, durable: true}
  - {name: brief, kind: store.kv.crdt, namespace: brief}
`;
    const bytes = new TextEncoder().encode("1");
    try {
      for (const round of [1, 2]) {
        const nodes = new Nodes({ count: 1, project, cluster: () => ({ raft: { data_dir: folder } }) });
        try {
          const { cluster: { agreed, converging } } = await nodes.add();
          if (round === 1) {
            for (const namespace of ["kept", "brief"]) {
              await converging.put(namespace, "a", bytes, {
                ttlSeconds: 0,
              });
            }
            await converging.put("kept", "gone", bytes, { ttlSeconds: 0 });
            await converging.delete("kept", "gone");
            await agreed.put("agreed", "a", bytes, { ttlSeconds: 0 });
            continue;
          }
          assert.deepEqual((await converging.entry("kept", "a"))?.value, bytes);
          assert.equal(await converging.entry("kept", "gone"), undefined);
          assert.equal(await converging.entry("brief", "a"), undefined);
          assert.deepEqual((await agreed.entry("agreed", "a"))?.value, bytes);
        } finally {
          await nodes.stop();
        }
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test(
  "a long log becomes a snapshot, which new members get in place of it, and few are kept [cluster.raft.snapshots]",
  SLOW,
  async () => {
    const folder = memoryFolder();
    const limits = {
      snapshot_threshold: 20,
      snapshot_interval: "50ms",
      snapshot_retain: 2,
      trailing_logs: 5,
    };
    const nodes = new Nodes({
      count: 2,
      cluster: (name) => ({ raft: { ...limits, data_dir: name === "n1" ? folder : "" } }),
    });
    try {
      const one = await nodes.add();
      const holder = one.member();
      await one.cluster.names.register("early", holder, CONSISTENT);
      const base = (node: TestNode): number => Number(node.cluster.consensus!.stats["last_snapshot_index"]);
      for (let round = 1; round <= 4; round++) {
        const before = base(one);
        for (let i = 0; i < 30; i++) {
          await one.cluster.agreed.put("things", `key${i}`, new Uint8Array([round]), { ttlSeconds: 0 });
        }
        await one.app.until(() => base(one) > before, "a snapshot");
      }
      // What it needs to know is in no entry any more.
      const two = await nodes.add();
      await two.app.until(() => two.cluster.role === "standby", "it to stand by");
      await two.app.until(() => two.app.application.runtime.names.lookup("early") === holder, "the name");
      assert.ok(base(two) > 0);
      assert.equal(two.cluster.consensus!.commitIndex >= base(one), true);
    } finally {
      await nodes.stop();
    }
    const { sqlite } = createPorts();
    const database = sqlite.open(join(folder, "_sys/raft/raft.db"));
    try {
      const count = (table: string): number =>
        Number(database.prepare(`SELECT count(*) AS n FROM ${table}`).all([])[0]!["n"]);
      assert.equal(count("snapshots"), 2);
      assert.ok(count("entries") < 60, `${count("entries")} entries`);
    } finally {
      database.close();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test(
  "a node that may not take part in the core, or runs none, is never in it [cluster.raft.enabled] [cluster.raft.voter]",
  SLOW,
  () =>
    withNodes({
      count: 4,
      cluster: (name) =>
        name === "n2" ? { raft: { enabled: false } } : name === "n3" ? { raft: { eligible: false } } : {},
    }, async (nodes) => {
      const [one, two, three, four] = nodes as [TestNode, TestNode, TestNode, TestNode];
      await one.app.until(() => one.cluster.consensus!.stats["standbys"] === "n3,n4", "the core");
      assert.equal(voters(one), "n1");
      assert.deepEqual([two.cluster.role, three.cluster.role, four.cluster.role], [
        "non-member",
        "standby",
        "standby",
      ]);
      assert.equal(two.cluster.consensus, undefined);
    }),
);
