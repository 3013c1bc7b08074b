/** How nodes reach the consensus core, and over what, on real nodes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Channel } from "../../src/cluster/mesh.ts";
import type { ClusterNode } from "../../src/cluster/mod.ts";
import type { BusEvent, NodeNetwork } from "../../src/ports/mod.ts";
import { SLOW, type TestNode, withNodes } from "./nodes.ts";

const CONSISTENT = 2;

test(
  "a leader that is linked and answers nothing counts as lost, until it answers again [cluster.raft.leader-probe]",
  SLOW,
  () =>
    withNodes({
      count: 3,
      cluster: (name) => ({
        raft: {
          leader_probe_interval: "40ms",
          leader_probe_grace: 2,
          ...name === "n3" ? { role: "client" } : {},
        },
      }),
    }, async (nodes) => {
      const [one, , three] = nodes as [TestNode, TestNode, TestNode];
      const events: BusEvent[] = [];
      three.app.application.bus.subscribe("cluster", "*", (event) => events.push(event));
      const { requests } = (one.cluster as ClusterNode).network;
      const answer = (): Promise<null> => new Promise(() => {});
      for (const kind of ["leader", "propose"]) requests.answer(kind, answer);
      await three.app.until(() => three.cluster.leader === "", "the leader to be lost");
      assert.ok(three.app.logs.some(({ message }) => message === "the leader does not answer"));
      assert.equal(three.app.logs.some(({ message }) => message === "node left"), false);
      requests.answer("leader", () => ({ leader: "n1" }));
      await three.app.until(() => three.cluster.leader === "n1", "the leader to be back");
      await three.app.until(
        () => events.some(({ kind }) => kind === "raft.leader.elected"),
        "the news of the leader",
      );
      assert.equal(events.find(({ kind }) => kind.startsWith("raft"))!.kind, "raft.leader.lost");
    }),
);

test(
  "consensus rides the links between nodes: one port for gossip, one for links, and one stream for each pair [cluster.transport]",
  SLOW,
  async () => {
    const opened: string[] = [];
    const dialed: string[] = [];
    const watched = (name: string, real: NodeNetwork): NodeNetwork => ({
      listen: async (address, accept) => {
        const listener = await real.listen(address, accept);
        opened.push(`${name} tcp ${listener.port}`);
        return listener;
      },
      openDatagrams: async (address, receive) => {
        const datagrams = await real.openDatagrams(address, receive);
        opened.push(`${name} udp ${datagrams.port}`);
        return datagrams;
      },
      connect: (address, handlers, timeoutMs) => {
        dialed.push(`${name} ${address.port}`);
        return real.connect(address, handlers, timeoutMs);
      },
      machineAddress: () => real.machineAddress(),
    });
    await withNodes({ count: 3, nodeNetwork: watched }, async (nodes) => {
      const [one, two, three] = nodes as [TestNode, TestNode, TestNode];
      await one.app.until(() => one.cluster.consensus!.stats["voters"] === "n1,n2,n3", "three voters");
      const holder = three.member();
      await three.cluster.names.register("rides", holder, CONSISTENT);
      await two.app.until(() => two.cluster.names.lookup("rides") === holder, "the name");
      const ports = new Map(nodes.map(({ cluster, name }) => [name, cluster as ClusterNode]));
      for (const { name } of nodes) {
        const { members } = ports.get(name)!.network;
        const gossip = members.self.address.port;
        const links = members.self.meta["internode_port"];
        assert.deepEqual(
          opened.filter((line) => line.startsWith(name)).sort(),
          [
            `${name} tcp ${gossip}`,
            `${name} tcp ${links}`,
            `${name} udp ${gossip}`,
          ].sort(),
        );
      }
      // What is not gossip goes over the links alone.
      const known = nodes.flatMap(({ name }) => {
        const { self } = ports.get(name)!.network.members;
        return [String(self.address.port), self.meta["internode_port"]!];
      });
      for (const line of dialed) assert.ok(known.includes(line.split(" ")[1]!), line);
      // What the leader tells its followers is a frame of the link that carries messages as well.
      let frames = 0;
      ports.get("n3")!.network.mesh.on(Channel.raft, (from) => void (frames += from === "n1" ? 1 : 0));
      await three.app.until(() => frames > 2, "frames of consensus on the link");
    });
  },
);
