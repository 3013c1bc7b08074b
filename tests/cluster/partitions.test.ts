/** What holds when nodes are cut off, on real nodes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterNode } from "../../src/cluster/mod.ts";
import { CutNetwork } from "./cut_network.ts";
import { SLOW, type TestNode, withNodes } from "./nodes.ts";

test(
  "who held a lock on a node that was cut off is told that it is lost, once; who held it all the time is not [lock.auto]",
  SLOW,
  () => {
    let network: CutNetwork | undefined;
    return withNodes({
      count: 4,
      // A client sees nothing of what the core decides.
      cluster: (name) => name === "n4" ? { raft: { role: "client" } } : {},
      nodeNetwork: (name, real) => name === "n4" ? network = new CutNetwork(real) : real,
    }, async (nodes) => {
      const [one, , , four] = nodes as [TestNode, TestNode, TestNode, TestNode];
      const [here, there] = [one.member(), four.member()];
      one.tell(here, "lock", "kept");
      await one.line(/^lock kept true/);
      for (const name of ["lost", "given up"]) {
        four.tell(there, "lock", name);
        await four.line(new RegExp(`^lock ${name} true`));
      }
      four.tell(there, "unlock", "given up");
      await four.line(/^unlock given up true/);
      network!.cut();
      await one.app.until(() => one.cluster.members().length === 3, "the node to be missed");
      const lock = one.member();
      await one.app.until(async () => await one.cluster.locks.acquire("lost", lock), "the lock to be free");
      network!.mend();
      await four.line(/^event pid.cancel .* lock lost: lost$/);
      await one.app.until(() => one.cluster.members().length === 4, "the node to be back");
      four.tell(there, "unlock", "lost");
      assert.equal(await four.line(/^unlock lost/), "unlock lost false nil nil");
      const told = [one, four].flatMap((node) => node.lines()).filter((line) => line.startsWith("event"));
      assert.equal(told.length, 1);
      assert.equal(await one.cluster.locks.release("lost", lock), true);
    });
  },
);

test(
  "a lock that outlasted the cut is not told to be lost",
  SLOW,
  () => {
    let network: CutNetwork | undefined;
    return withNodes({
      count: 2,
      cluster: () => ({ membership: { suspicion_mult: 100 } }),
      nodeNetwork: (name, real) => name === "n2" ? network = new CutNetwork(real) : real,
    }, async (nodes) => {
      const [one, two] = nodes as [TestNode, TestNode];
      const holder = two.member();
      for (const name of ["kept", "__proto__"]) {
        two.tell(holder, "lock", name);
        await two.line(new RegExp(`^lock ${name} true`));
      }
      network!.cut();
      await two.app.until(
        () => !(two.cluster as ClusterNode).network.mesh.linked().includes("n1"),
        "the cut",
      );
      network!.mend();
      await two.app.until(
        () => (two.cluster as ClusterNode).network.mesh.linked().includes("n1"),
        "the link",
      );
      // Asked after the link was back, as the node itself does.
      two.tell(holder, "lock", "other");
      await two.line(/^lock other true/);
      assert.equal(await one.cluster.locks.acquire("kept", one.member()), false);
      assert.ok(!two.lines().some((line) => line.includes("lock lost")));
    });
  },
);
