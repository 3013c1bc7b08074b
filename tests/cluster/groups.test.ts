/** Process groups across real nodes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type GroupEvent, type ProcessGroups, ProcessGroupsResource } from "../../src/ports/mod.ts";
import { SLOW, type TestNode, withNodes } from "./nodes.ts";

function scopeOf({ app }: TestNode): ProcessGroups {
  return app.application.resources.find(ProcessGroupsResource, "app:scope")!;
}

async function members(node: TestNode, group: string, pids: readonly string[]): Promise<void> {
  const seen = (): string => [...scopeOf(node).members(group)].sort().join();
  await node.app.until(
    () => seen() === [...pids].sort().join(),
    `${node.name} to see ${pids} in ${group}; it sees ${seen()}`,
  );
}

test(
  "a join is known on every node, members of this node apart from those of all [cluster.pg.join] [cluster.pg.members] [cluster.pg.groups] [cluster.pg.sync]",
  SLOW,
  () =>
    withNodes({ count: 2 }, async (nodes, all) => {
      const [one, two] = nodes as [TestNode, TestNode];
      const [a, b] = [one.member(), two.member()];
      one.tell(a, "join", ["workers", "workers", "spare"]);
      two.tell(b, "join", "workers");
      await members(one, "workers", [a, a, b]);
      await members(two, "workers", [a, a, b]);
      assert.deepEqual(scopeOf(one).localMembers("workers"), [a, a]);
      assert.deepEqual(scopeOf(two).localMembers("workers"), [b]);
      assert.deepEqual([scopeOf(two).groups(), scopeOf(two).localGroups()], [["spare", "workers"], [
        "workers",
      ]]);
      // A node that comes later is told everything.
      const three = await all.add();
      await members(three, "workers", [a, a, b]);
      one.tell(a, "leave", "workers");
      await members(three, "workers", [a, b]);
      one.tell(a, "end");
      await members(three, "workers", [b]);
      assert.deepEqual(scopeOf(three).groups(), ["workers"]);
    }),
);

test(
  "a broadcast reaches each member of all nodes once, from the caller [cluster.pg.broadcast]",
  SLOW,
  () =>
    withNodes({ count: 3 }, async (nodes) => {
      const pids = nodes.map((node) => node.member());
      nodes.forEach((node, i) => node.tell(pids[i]!, "join", ["all", "all"]));
      await members(nodes[0]!, "all", [...pids, ...pids]);
      nodes[0]!.tell(pids[0]!, "broadcast", { group: "all", topic: "news", body: { text: "hear" } });
      for (const node of nodes) assert.equal(await node.line(/^got news/), `got news ${pids[0]} hear`);
      // Behind it in order: a second one would have come before this.
      nodes[0]!.tell(pids[0]!, "broadcast", { group: "all", topic: "last", body: { text: "done" } });
      for (const node of nodes) {
        await node.line(/^got last/);
        assert.equal(node.lines().filter((line) => line.startsWith("got news")).length, 1);
      }
    }),
);

test(
  "who watches hears of members of other nodes, and of a lost node as often as they had joined [cluster.pg.monitor] [cluster.pg.events] [cluster.pg.leave-event]",
  SLOW,
  () =>
    withNodes({ count: 2 }, async (nodes) => {
      const [one, two] = nodes as [TestNode, TestNode];
      const events: GroupEvent[] = [];
      const { snapshot } = scopeOf(one).monitor("workers", (event) => events.push(event));
      assert.deepEqual([...snapshot], [["workers", []]]);
      const b = two.member();
      two.tell(b, "join", ["workers", "workers"]);
      await one.app.until(() => events.length === 2, "two joins");
      await two.vanish();
      await one.app.until(() => events.length === 3, "the loss");
      assert.deepEqual(events, [
        { kind: "member.joined", group: "workers", pids: [b] },
        { kind: "member.joined", group: "workers", pids: [b] },
        { kind: "member.left", group: "workers", pids: [b, b] },
      ]);
      assert.deepEqual(scopeOf(one).groups(), []);
    }),
);
