/** Names in the scopes of a cluster, on real nodes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClusterNode } from "../../src/cluster/mod.ts";
import { SLOW, type TestNode, withNodes } from "./nodes.ts";

const [LOCAL, EVENTUAL, CONSISTENT, STRONG] = [0, 1, 2, 3] as const;

/** Waits until a name stands for a pid, or for nobody, on every node. */
async function known(nodes: readonly TestNode[], name: string, pid: string | undefined): Promise<void> {
  for (const node of nodes) {
    const { names } = node.app.application.runtime;
    await node.app.until(
      () => names.lookup(name) === pid,
      `${node.name} to know ${name} as ${pid ?? "nobody"}`,
    );
  }
}

test(
  "a consistent name has one holder, wherever it is asked for, and goes with its process [name.scope.consistent] [name.write-forward] [process.registry.register.conflict]",
  SLOW,
  () =>
    withNodes({ count: 3 }, async (nodes) => {
      const [one, two, three] = nodes as [TestNode, TestNode, TestNode];
      const holder = two.member();
      two.tell(holder, "register", { name: "singleton", scope: CONSISTENT });
      assert.equal(await two.line(/^register/), "register singleton true nil nil");
      await known(nodes, "singleton", holder);
      two.tell(holder, "register", { name: "singleton", scope: CONSISTENT });
      await two.app.until(
        () => two.lines().filter((line) => line === "register singleton true nil nil").length === 2,
        "it again",
      );
      const rival = three.member();
      three.tell(rival, "register", { name: "singleton", scope: CONSISTENT });
      assert.equal(
        await three.line(/^register/),
        "register singleton nil AlreadyExists name already registered",
      );
      await assert.rejects(three.cluster.names.register("singleton", rival, CONSISTENT), {
        details: { name: "singleton", pid: holder },
      });
      // Any destination may be a name, from any node.
      one.app.application.runtime.send("singleton", "hello", [{ text: "by name" }]);
      await two.line(/^got hello .* by name/);
      three.tell(rival, "unregister", { name: "singleton", scope: CONSISTENT });
      assert.equal(await three.line(/^unregister/), "unregister singleton false nil");
      two.tell(holder, "end");
      await known(nodes, "singleton", undefined);
      three.tell(rival, "register", { name: "singleton", scope: CONSISTENT });
      await known(nodes, "singleton", rival);
      three.tell(rival, "unregister", { name: "singleton", scope: CONSISTENT });
      await known(nodes, "singleton", undefined);
    }),
);

test(
  "a node that vanishes holds no name any more, whoever led [process.registry.auto-release]",
  SLOW,
  () =>
    withNodes({ count: 3 }, async (nodes) => {
      const [one, two, three] = nodes as [TestNode, TestNode, TestNode];
      await one.app.until(() => one.cluster.consensus!.stats["voters"] === "n1,n2,n3", "three voters");
      const [eventual, consistent] = [one.member(), one.member()];
      one.tell(eventual, "register", { name: "presence", scope: EVENTUAL });
      one.tell(consistent, "register", { name: "singleton", scope: CONSISTENT });
      const rest = [two, three];
      await known(nodes, "presence", eventual);
      await known(nodes, "singleton", consistent);
      // An eventual name outlives its process.
      one.tell(eventual, "end");
      await one.app.until(
        () => one.app.application.runtime.messages.localId(eventual) === undefined,
        "it to end",
      );
      assert.equal(two.app.application.runtime.names.lookup("presence"), eventual);
      await one.vanish();
      await known(rest, "presence", undefined);
      await known(rest, "singleton", undefined);
      const next = two.member();
      two.tell(next, "register", { name: "singleton", scope: CONSISTENT });
      assert.equal(await two.line(/^register singleton/), "register singleton true nil nil");
      await known(rest, "singleton", next);
    }),
);

test(
  "of two who take an eventual name at once one keeps it, the other is told and goes on [name.scope.eventual] [process.registry.register.eventual] [process.registry.revoked]",
  SLOW,
  () =>
    withNodes({ count: 3 }, async (nodes) => {
      const [one, two, three] = nodes as [TestNode, TestNode, TestNode];
      const [first, second] = [one.member(), two.member()];
      // Nothing can arrive in between.
      const both = [
        one.cluster.names.register("presence", first, EVENTUAL),
        two.cluster.names.register("presence", second, EVENTUAL),
      ];
      await Promise.all(both);
      await known(nodes, "presence", one.app.application.runtime.names.lookup("presence"));
      const winner = three.app.application.runtime.names.lookup("presence");
      assert.ok(winner === first || winner === second);
      const [node, loser] = winner === first ? [two, second] : [one, first];
      assert.equal(await node.line(/^event/), "event pid.cancel  name revoked: presence");
      node.tell(loser, "register", { name: "other", scope: EVENTUAL });
      await known(nodes, "other", loser);
      const late = three.member();
      three.tell(late, "register", { name: "other", scope: EVENTUAL });
      assert.equal(await three.line(/^register/), "register other nil AlreadyExists name already registered");
      three.tell(late, "unregister", { name: "other", scope: EVENTUAL });
      await known(nodes, "other", undefined);
      assert.equal(
        nodes.flatMap((each) => each.lines()).filter((line) => line.includes("revoked")).length,
        1,
      );
    }),
);

test(
  "a strong name waits for every live node; one that has another use for it refuses [name.scope.strong]",
  SLOW,
  () =>
    withNodes({ count: 3 }, async (nodes) => {
      const [one, two, three] = nodes as [TestNode, TestNode, TestNode];
      const local = three.member();
      three.tell(local, "register", { name: "control", scope: LOCAL });
      await three.line(/^register control true/);
      const holder = two.member();
      two.tell(holder, "register", { name: "control", scope: STRONG });
      assert.equal(await two.line(/^register/), "register control nil AlreadyExists name already registered");
      // What was refused leaves nothing behind.
      three.tell(local, "unregister", { name: "control", scope: LOCAL });
      await three.line(/^unregister control true/);
      two.tell(holder, "register", { name: "control", scope: STRONG });
      assert.equal(await two.line(/^register control true/), "register control true nil nil");
      await known(nodes, "control", holder);
      three.tell(local, "register", { name: "control", scope: LOCAL });
      await three.line(/^register control nil AlreadyExists/);
      assert.equal(one.app.application.runtime.names.lookup("control"), holder);
    }),
);

test(
  "a strong name that not all acknowledge in time names who is missing [process.registry.register.strong]",
  SLOW,
  () =>
    withNodes({ count: 3 }, async (nodes) => {
      const [one, two, three] = nodes as [TestNode, TestNode, TestNode];
      (three.cluster as ClusterNode).network.requests.answer("agree", () => new Promise<never>(() => {}));
      const holder = two.member();
      two.tell(holder, "register", { name: "control", scope: STRONG });
      const printed = (): string | undefined => two.lines().find((line) => line.startsWith("register"));
      await two.app.until(
        () => (one.cluster as ClusterNode).names.isPromised("control", ""),
        "the name to be promised",
      );
      assert.equal(one.app.application.runtime.names.lookup("control"), undefined);
      await new Promise<void>((resolve) => {
        const look = (): void =>
          printed() === undefined ? void one.app.application.ports.clock.timer(50, look) : resolve();
        look();
      });
      assert.equal(
        printed(),
        "register control nil Timeout name reservation for control expired: no acknowledgement from n3",
      );
      assert.equal(one.app.application.runtime.names.lookup("control"), undefined);
    }),
);

test(
  "cluster names come before local ones and can't be hidden by them [name.resolve] [name.scope.local] [process.registry.resolution-order]",
  SLOW,
  () =>
    withNodes({ count: 2 }, async (nodes) => {
      const [one, two] = nodes as [TestNode, TestNode];
      const [local, eventual, consistent] = [one.member(), two.member(), two.member()];
      const lookup = (): string | undefined => one.app.application.runtime.names.lookup("service");
      one.tell(local, "register", { name: "service", scope: LOCAL });
      await one.line(/^register service true/);
      assert.equal(lookup(), local);
      assert.equal(two.app.application.runtime.names.lookup("service"), undefined);
      two.tell(eventual, "register", { name: "service", scope: EVENTUAL });
      await one.app.until(() => lookup() === eventual, "the eventual name");
      two.tell(consistent, "register", { name: "service", scope: CONSISTENT });
      await one.app.until(() => lookup() === consistent, "the consistent name");
      two.tell(consistent, "end");
      await one.app.until(() => lookup() === eventual, "the eventual name again");
      two.tell(eventual, "unregister", { name: "service", scope: EVENTUAL });
      await one.app.until(() => lookup() === local, "the local name again");
      one.tell(local, "end");
      await one.app.until(() => lookup() === undefined, "the local name to go with its process");
    }),
);

test(
  "a client has no part in the core and uses its names all the same [cluster.roles] [cluster.raft.role]",
  SLOW,
  () =>
    withNodes(
      { count: 3, cluster: (name) => name === "n3" ? { raft: { role: "client" } } : {} },
      async (nodes) => {
        const [one, two, three] = nodes as [TestNode, TestNode, TestNode];
        assert.equal(three.cluster.role, "non-member");
        assert.equal(three.cluster.consensus, undefined);
        await one.app.until(() => two.cluster.role === "standby", "a standby");
        assert.equal(one.cluster.role, "leader");
        const holder = three.member();
        three.tell(holder, "register", { name: "edge", scope: CONSISTENT });
        assert.equal(await three.line(/^register/), "register edge true nil nil");
        await known(nodes, "edge", holder);
        three.tell(holder, "end");
        await known(nodes, "edge", undefined);
      },
    ),
);

test(
  "before it has joined a node has no name service, and says so [process.registry.register.result]",
  SLOW,
  () =>
    withNodes({ count: 0, cluster: () => ({ raft: { bootstrap_expect: 0 } }) }, async (_nodes, all) => {
      const node = await all.add();
      const holder = node.member();
      node.tell(holder, "register", { name: "early", scope: CONSISTENT });
      assert.equal(
        await node.line(/^register/),
        "register early nil Unavailable name service not ready: join-epoch barrier in progress",
      );
      node.tell(holder, "register", { name: "here", scope: LOCAL });
      await node.line(/^register here true/);
    }),
);
