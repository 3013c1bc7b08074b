/** Locks, stores and what `system` says of a cluster, on real nodes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { CLUSTER_ITEM_BYTES_MAX, type Value, type ValueMap } from "../../src/core/mod.ts";
import { type BusEvent, METRICS_ID, MetricsResource } from "../../src/ports/mod.ts";
import { settled, SLOW, type TestNode, withNodes } from "./nodes.ts";

type Answer = { value?: Value; kind?: string; message?: string; retryable?: boolean };

const store = (node: TestNode, id: string, method: string, ...args: Value[]): Promise<Answer> =>
  node.app.call("app:store", `app:${id}`, method, ...args) as Promise<Answer>;
const system = async (node: TestNode, path: string, ...args: Value[]): Promise<Value> => {
  const answer = await node.app.call("app:system", path, ...args) as Answer;
  return answer.kind === undefined ? answer.value : `${answer.kind}: ${answer.message}`;
};

test(
  "a lock has one holder in the cluster and goes with it or its node [lock.acquire] [lock.release] [lock.auto] [lock.impl] [lock.messages]",
  SLOW,
  () =>
    withNodes({ count: 3 }, async (nodes) => {
      const [one, two, three] = nodes as [TestNode, TestNode, TestNode];
      await one.app.until(() => one.cluster.consensus!.stats["voters"] === "n1,n2,n3", "three voters");
      const [a, b, c] = [one.member(), two.member(), three.member()];
      two.tell(b, "lock", "migration");
      assert.equal(await two.line(/^lock/), "lock migration true nil nil");
      three.tell(c, "lock", "migration");
      assert.equal(await three.line(/^lock/), "lock migration false AlreadyExists lock held: migration");
      three.tell(c, "unlock", "migration");
      assert.equal(await three.line(/^unlock/), "unlock migration false nil nil");
      // It is a pair of the replicated store, under the holder's pid.
      const pair = await one.cluster.agreed.entry("_sys", "lock:migration");
      assert.equal(new TextDecoder().decode(pair!.value as Uint8Array), b);
      two.tell(b, "unlock", "migration");
      assert.equal(await two.line(/^unlock/), "unlock migration true nil nil");
      one.tell(a, "lock", "migration");
      await one.line(/^lock migration true/);
      one.tell(a, "end");
      const free = async (): Promise<boolean> =>
        await two.cluster.agreed.entry("_sys", "lock:migration") === undefined;
      await two.app.until(free, "the lock of an ended process to be free");
      const d = one.member();
      one.tell(d, "lock", "migration");
      await one.app.until(
        () => one.lines().filter((line) => line === "lock migration true nil nil").length === 2,
        "the lock",
      );
      await one.vanish();
      await two.app.until(free, "the lock of a lost node to be free");
    }),
);

test(
  "store.kv.raft: writes from any node, linearizable reads on every node, conditions [kv.raft] [kv.namespace] [kind.store.kv.raft] [store.put.support]",
  SLOW,
  () =>
    withNodes(
      { count: 3, cluster: (name) => name === "n3" ? { raft: { role: "client" } } : {} },
      async (nodes) => {
        const [one, two, three] = nodes as [TestNode, TestNode, TestNode];
        assert.equal((await store(two, "agreed", "set", "a", { list: [1, 2.5, "x"] })).value, true);
        for (const node of nodes) {
          assert.deepEqual((await store(node, "agreed", "get", "a")).value, { list: [1, 2.5, "x"] });
        }
        const first = (await store(three, "agreed", "put", "b", 1, { only_if_absent: true }))
          .value as ValueMap;
        const again = await store(one, "agreed", "put", "b", 2, { only_if_absent: true });
        assert.deepEqual([again.kind, again.message], ["AlreadyExists", "key already exists"]);
        const second = (await store(two, "agreed", "put", "b", 2, { if_version: first["version"] as string }))
          .value as ValueMap;
        assert.notEqual(second["version"], first["version"]);
        const stale = await store(three, "agreed", "put", "b", 3, { if_version: first["version"] as string });
        assert.deepEqual([stale.kind, stale.message, stale.retryable], [
          "Conflict",
          "version mismatch",
          true,
        ]);
        // Nobody sees less than what was confirmed, wherever it was written.
        for (let i = 0; i < 20; i++) {
          await store(nodes[i % 3]!, "agreed", "set", "counter", i);
          assert.equal((await store(nodes[(i + 1) % 3]!, "agreed", "get", "counter")).value, i);
        }
        // What no frame between nodes can carry holds nothing up.
        const long = "x".repeat(CLUSTER_ITEM_BYTES_MAX);
        for (const node of nodes) {
          for (const id of ["agreed", "converging"]) {
            assert.equal((await store(node, id, "set", "long", long)).kind, "LimitExceeded");
          }
        }
        const page = (await store(three, "agreed", "list", { limit: 2 })).value as ValueMap;
        assert.deepEqual((page["items"] as ValueMap[]).map(({ key }) => key), ["a", "b"]);
        assert.equal(page["has_more"], true);
        await store(one, "agreed", "set", "brief", 1, 0.05);
        await one.app.until(
          async () => (await store(two, "agreed", "get", "brief")).kind === "NotFound",
          "the pair to expire",
        );
        assert.equal((await store(one, "agreed", "delete", "a")).value, true);
        assert.equal((await store(two, "agreed", "get", "a")).kind, "NotFound");
        // Another namespace is another store.
        assert.equal(await one.cluster.agreed.entry("others", "b"), undefined);
        const info = (await store(two, "agreed", "info")).value as ValueMap;
        assert.deepEqual([info["backend"], info["consistency"], info["conditional_put"]], [
          "kv.raft",
          "linearizable",
          true,
        ]);
      },
    ),
);

test(
  "store.kv.crdt: local writes spread, the last one wins, removals too [kv.crdt] [kind.store.kv.crdt]",
  SLOW,
  () =>
    withNodes({ count: 2 }, async (nodes, all) => {
      const [one, two] = nodes as [TestNode, TestNode];
      const get = async (node: TestNode, key: string): Promise<Value> =>
        (await store(node, "converging", "get", key)).value;
      await store(one, "converging", "set", "a", "first");
      assert.equal(await get(one, "a"), "first");
      await two.app.until(async () => await get(two, "a") === "first", "the pair to spread");
      await store(two, "converging", "set", "a", "second");
      await one.app.until(async () => await get(one, "a") === "second", "the later one to win");
      // Written at once, in one tick: both must come to the same.
      const value = (text: string): Uint8Array => new TextEncoder().encode(JSON.stringify(text));
      void one.cluster.converging.put("things", "b", value("one"), { ttlSeconds: 0 });
      void two.cluster.converging.put("things", "b", value("two"), { ttlSeconds: 0 });
      const winner = await one.app.until(async () => {
        const [x, y] = [await get(one, "b"), await get(two, "b")];
        return x === y ? x as string : undefined;
      }, "both nodes to agree");
      assert.ok(winner === "one" || winner === "two");
      assert.equal((await store(one, "converging", "delete", "a")).value, true);
      const three = await all.add();
      await three.app.until(async () => await get(three, "b") === winner, "a new node to be told");
      assert.equal((await store(three, "converging", "get", "a")).kind, "NotFound");
      const refused = await store(one, "converging", "put", "c", 1, { only_if_absent: true });
      assert.deepEqual([refused.kind, refused.message], ["Invalid", "operation not supported by this store"]);
      const info = (await store(two, "converging", "info")).value as ValueMap;
      assert.deepEqual([info["backend"], info["consistency"], info["conditional_put"]], [
        "kv.crdt",
        "eventual",
        false,
      ]);
    }),
);

test(
  "system says who is there, who leads and what this node is [node.api] [cluster.api] [raft.api]",
  SLOW,
  () =>
    withNodes({
      count: 3,
      cluster: (name) => name === "n3" ? { failure_domain: "b", raft: { role: "client" } } : {},
    }, async (nodes) => {
      const [one, two, three] = nodes as [TestNode, TestNode, TestNode];
      await one.app.until(() => two.cluster.role === "standby", "a standby");
      assert.deepEqual(await Promise.all(nodes.map((node) => system(node, "node.id"))), ["n1", "n2", "n3"]);
      assert.deepEqual(await Promise.all(nodes.map((node) => system(node, "node.role"))), [
        "leader",
        "standby",
        "non-member",
      ]);
      assert.match(String(await system(two, "node.addr")), /^127\.0\.0\.1:\d+$/);
      const members = await system(three, "cluster.members") as ValueMap[];
      assert.deepEqual(members.map(({ id, is_local }) => [id, is_local]), [["n3", true], ["n1", false], [
        "n2",
        false,
      ]]);
      assert.equal((members[0]!["meta"] as ValueMap)["failure_domain"], "b");
      assert.equal(members[1]!["addr"], one.cluster.address);
      assert.deepEqual(await Promise.all(nodes.map((node) => system(node, "cluster.leader"))), [
        "n1",
        "n1",
        "n1",
      ]);
      assert.equal(await system(three, "cluster.size"), 3);
      assert.deepEqual([await system(one, "raft.is_leader"), await system(two, "raft.is_leader")], [
        true,
        false,
      ]);
      assert.equal(await system(two, "raft.is_member"), true);
      assert.equal(await system(two, "raft.role"), "standby");
      assert.ok(await system(two, "raft.term") as number > 0);
      assert.ok(await system(one, "raft.commit_index") as number > 0);
      const stats = await system(one, "raft.stats") as ValueMap;
      assert.equal(stats["voters"], "n1");
      assert.ok(Object.values(stats).every((text) => typeof text === "string"));
      assert.equal(await system(three, "raft.term"), "Internal: raft not available");
    }),
);

test(
  "what becomes of nodes and leaders is told on the bus [bus.cluster] [cluster.membership-events]",
  SLOW,
  () =>
    withNodes({ count: 3 }, async (nodes, all) => {
      await nodes[0]!.app.until(
        () => nodes[0]!.cluster.consensus!.stats["voters"] === "n1,n2,n3",
        "three voters",
      );
      const events = new Map<TestNode, BusEvent[]>(nodes.map((node) => [node, []]));
      for (const [node, told] of events) {
        node.app.application.bus.subscribe("cluster", "*", (event) => told.push(event));
      }
      const seen = (by: TestNode, kind: string, path: string): Promise<BusEvent> =>
        by.app.until(
          () => events.get(by)!.find((event) => event.kind === kind && event.path === path),
          `${kind} of ${path}`,
        );
      const four = await all.add();
      const node = ((await seen(nodes[1]!, "node.joined", "n4")).data as ValueMap)["Node"] as ValueMap;
      assert.deepEqual([node["ID"], node["Addr"]], ["n4", four.cluster.address]);
      assert.equal(typeof (node["Meta"] as ValueMap)["internode_port"], "string");
      await seen(nodes[1]!, "node.updated", "n4");
      // Who leads may have changed since they began.
      await settled([...nodes]);
      const leader = nodes.find(({ name, cluster }) => name === cluster.leader)!;
      const two = [...events.keys()].find((other) => other !== leader)!;
      await leader.vanish();
      await seen(two, "raft.leader.lost", leader.name);
      await seen(two, "node.left", leader.name);
      await two.app.until(() => two.cluster.leader !== "", "a new leader");
      await seen(two, "raft.leader.elected", two.cluster.leader);
    }),
);

test(
  "the state of gossip and of the core is measured [cluster.metrics]",
  SLOW,
  () =>
    withNodes({ count: 2 }, async (nodes) => {
      const [one, two] = nodes as [TestNode, TestNode];
      const { resources } = one.app.application;
      const collector = resources.find(MetricsResource, METRICS_ID) as unknown as { print(): string };
      const measured = (line: string): Promise<boolean> =>
        one.app.until(() => collector.print().split("\n").includes(line), `${line} in ${collector.print()}`);
      await measured('gossip_members{state="alive"} 2');
      await measured("raft_state 2");
      await measured("raft_voters 1");
      await measured("raft_non_voters 1");
      await measured("raft_leader_changes_total 1");
      await measured("raft_voter_churn_burst_total 0");
      await measured(`raft_term ${one.cluster.consensus!.term}`);
      assert.match(collector.print(), /^gossip_convergence_seconds_count [1-9]/m);
      await two.vanish();
      await measured('gossip_members{state="dead"} 1');
      await measured('gossip_members{state="alive"} 1');
    }),
);
