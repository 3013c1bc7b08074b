/** The cluster as the rest of a node sees it. Provided by the application when clustering is enabled. */
import type { Value } from "../core/mod.ts";
import { defineResource } from "./resource.ts";
import type { StoreEntry, StorePage } from "./store.ts";

/** What a node is in the consensus core. */
export type ClusterRole = "leader" | "voter" | "standby" | "non-member";

/** A live node. */
export interface ClusterMember {
  readonly id: string;
  readonly isLocal: boolean;
  /** `host:port` at which it is a member. */
  readonly address: string;
  readonly meta: Readonly<Record<string, string>>;
}

/** This node's view of the consensus core. */
export interface ConsensusView {
  readonly role: ClusterRole;
  readonly term: number;
  readonly commitIndex: number;
  /** Everything that is known, as text. */
  readonly stats: Readonly<Record<string, string>>;
}

/** Names that are known in the whole cluster. Scopes are those of `NameScope`, except LOCAL. */
export interface ClusterNames {
  /** The pid behind a name, of one scope or, without it, of the strongest that has it. Never waits. */
  lookup(name: string, scope?: "eventual" | "singleton"): string | undefined;
  /**
   * Registers a name. Rejects with AlreadyExists when another pid holds it, Unavailable while the node has not joined or no
   * majority can be reached, Timeout when nodes that must agree do not answer.
   */
  register(name: string, pid: string, scope: number): Promise<void>;
  /** Releases a name; false when it is not registered in that scope, or its scope lets only the owner do it. */
  unregister(name: string, scope: number, ownerPid: string): Promise<boolean>;
  /** A process of this node has ended. */
  released(pid: string): void;
  /** Whether a STRONG name is being given to another pid: no local name may come between. */
  isPromised(name: string, pid: string): boolean;
}

/** Locks of the whole cluster: one holder each. */
export interface ClusterLocks {
  /** True when `pid` has got the lock; false when it is held. */
  acquire(name: string, pid: string): Promise<boolean>;
  /** False when `pid` does not hold it. */
  release(name: string, pid: string): Promise<boolean>;
}

/** Conditions of a write. */
export interface PairOptions {
  readonly ttlSeconds: number;
  readonly onlyIfAbsent?: boolean;
  readonly ifVersion?: string;
}

/** Key-value pairs by namespace, the same on every node. Values are bytes. */
export interface ClusterPairs {
  entry(namespace: string, key: string): Promise<StoreEntry | undefined> | StoreEntry | undefined;
  put(
    namespace: string,
    key: string,
    value: Uint8Array,
    options: PairOptions,
  ): Promise<StoreEntry> | StoreEntry;
  delete(namespace: string, key: string): Promise<boolean> | boolean;
  list(
    namespace: string,
    options: { prefix: string; after: string; limit: number },
  ): Promise<StorePage> | StorePage;
  /** Keeps a namespace on disk; only for pairs that converge. */
  keep?(namespace: string): void;
}

/** Messages between the same parts of all nodes, in order on each link. */
export interface NodeChannel {
  /** Nodes that are linked now. */
  peers(): readonly string[];
  /** False when the node can't be reached now, or too much waits for it. */
  send(node: string, message: Value): boolean;
  close(): void;
}

/** What one part of a node hears of the same part of others. */
export interface NodeChannelListener {
  /** A node was linked; what it knew before is gone. */
  up(node: string): void;
  /** A node is out of reach, with everything on its way. */
  down(node: string): void;
  receive(node: string, message: Value): void;
}

/** A node of a cluster. */
export interface Cluster {
  readonly node: string;
  /** `host:port` at which it is a member. */
  readonly address: string;
  readonly role: ClusterRole;
  /** Id of the leader; "" when it is not known. */
  readonly leader: string;
  /** This node first. */
  members(): ClusterMember[];
  /** Undefined on a node without a part in the core. */
  readonly consensus: ConsensusView | undefined;
  readonly names: ClusterNames;
  readonly locks: ClusterLocks;
  /** Linearizable pairs. */
  readonly agreed: ClusterPairs;
  /** Pairs that converge. */
  readonly converging: ClusterPairs;
  /** Opens a channel to the parts of the same name on other nodes. */
  openChannel(name: string, listener: NodeChannelListener): NodeChannel;
}

/** Resource type of the one cluster; it stands at `CLUSTER_ID`. */
export const ClusterResource = defineResource<Cluster>("cluster");
/** Where the cluster is found. No entry can have this id, for it has no namespace. */
export const CLUSTER_ID = "cluster";
