/**
 * A cluster node for an application: its processes can be reached from other nodes, and what happens to nodes is told on the bus.
 *
 * B1. The node is a member before entries are loaded, so that what starts with the application can use names at once; when nobody
 *     answers in time the application starts all the same, and the node goes on joining.
 */
import { ClusterNode } from "../../cluster/mod.ts";
import { CLUSTER_ID, ClusterResource, LIVENESS_ID, LivenessResource } from "../../ports/mod.ts";
import { NameScope } from "../../process/mod.ts";
import type { LuaRuntime } from "../../lua/mod.ts";
import type { ApplicationContext } from "../context.ts";
import { COMPONENTS, INFRASTRUCTURE } from "../standard_components.ts";
import { watchLiveness } from "./liveness.ts";
import { recordCluster } from "./measurements.ts";
import { type ClusterOptions, settingsOf } from "./options.ts";

/** Longest wait for the cluster while the application boots, and the time between two looks. */
const READY_MS = 10_000;
const READY_STEP_MS = 20;

/** A node that is made and waits to be opened. */
export interface MadeNode {
  open(): Promise<void>;
  close(): Promise<void>;
}

/** Makes the node and offers it to the rest of the application. */
export function makeNode(context: ApplicationContext, options: ClusterOptions): MadeNode {
  const node = createNode(context, options);
  context.get(INFRASTRUCTURE.resources).provide(ClusterResource, CLUSTER_ID, node);
  context.get(COMPONENTS.runtime).names.shared = node.names;
  const stops: (() => void)[] = [];
  return {
    async open() {
      await node.open();
      stops.push(recordCluster(node, context), watch(node, context, options));
      await ready(node, context);
    },
    async close() {
      for (const stop of stops) stop();
      await node.close();
    },
  };
}

function watch(node: ClusterNode, context: ApplicationContext, { section }: ClusterOptions): () => void {
  const { clock } = context.get(INFRASTRUCTURE.ports);
  const liveness = context.get(INFRASTRUCTURE.resources).find(LivenessResource, LIVENESS_ID);
  if (liveness === undefined) return () => {};
  const contactMs = Math.max(section.raft.heartbeat_timeout, section.raft.election_timeout);
  return watchLiveness(liveness, node, { contactMs }, () => clock.monotonicMs());
}

function createNode(context: ApplicationContext, options: ClusterOptions): ClusterNode {
  const ports = context.get(INFRASTRUCTURE.ports);
  const bus = context.get(INFRASTRUCTURE.bus);
  const runtime = context.get(COMPONENTS.runtime);
  const tellNode = (kind: string) => ({ id, address, meta }: Parameters<NonNullable<NodeTold>>[0]): void =>
    bus.send({
      system: "cluster",
      kind,
      path: id,
      data: { Node: { ID: id, Addr: `${address.host}:${address.port}`, Meta: { ...meta } } },
    });
  const tellLeader = (kind: string, leader: string, term: number): void =>
    bus.send({ system: "cluster", kind, path: leader, data: { Leader: leader, Term: term } });
  return new ClusterNode({
    ports,
    log: context.get(INFRASTRUCTURE.log).named("cluster"),
    settings: settingsOf(options, ports),
    signals: runtime.elsewhere,
    processes: processesOf(runtime),
    members: {
      joined: tellNode("node.joined"),
      left: tellNode("node.left"),
      updated: tellNode("node.updated"),
    },
    led: (leader, previous, term) => {
      // One may follow the other before this node has noticed that there was none.
      if (previous !== "") tellLeader("raft.leader.lost", previous, term);
      if (leader !== "") tellLeader("raft.leader.elected", leader, term);
    },
  });
}

type NodeTold = ConstructorParameters<typeof ClusterNode>[0]["members"]["joined"];

function processesOf(runtime: LuaRuntime): ConstructorParameters<typeof ClusterNode>[0]["processes"] {
  return {
    isAlive: (pid) => runtime.messages.localId(pid) !== undefined,
    localName: (name) => runtime.names.local(name, NameScope.LOCAL),
    revoked: (name, pid) => {
      // One that has ended meanwhile needs to be told nothing.
      if (runtime.messages.reaches(pid)) runtime.cancel(pid, `name revoked: ${name}`);
    },
    lockLost: (name, pid) => runtime.cancel(pid, `lock lost: ${name}`),
  };
}

/** Waits until the node has joined and knows a leader; see B1. */
async function ready(node: ClusterNode, context: ApplicationContext): Promise<void> {
  const { clock } = context.get(INFRASTRUCTURE.ports);
  const endMs = clock.monotonicMs() + READY_MS;
  while (!(node.network.joined && node.leader !== "")) {
    if (clock.monotonicMs() >= endMs) {
      context.get(INFRASTRUCTURE.log).named("cluster").warn(
        "the cluster is not ready yet; starting without it",
        {
          joined: node.network.joined,
          leader: node.leader,
        },
      );
      return;
    }
    await clock.sleep(READY_STEP_MS);
  }
}
