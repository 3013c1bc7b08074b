/** A node of a cluster: its parts put together, and what the rest of the node sees of them. */
import type {
  Cluster,
  ClusterMember,
  ClusterRole,
  ConsensusView,
  Files,
  Log,
  NodeChannel,
  NodeChannelListener,
  Ports,
} from "../ports/mod.ts";
import { AgreedPairs } from "./agreed_pairs.ts";
import { Consensus, type ConsensusSettings } from "./consensus.ts";
import { ConvergingPairs } from "./converging_pairs.ts";
import { DiskShelf } from "./disk_shelf.ts";
import { ClusterMachine } from "./machine.ts";
import { addressText } from "./member.ts";
import type { Member } from "./member_table.ts";
import { ClusterNetwork, type MemberListener, type NetworkSettings } from "./network.ts";
import { NodeChannels } from "./node_channels.ts";
import { DiskStorage } from "./raft/disk_storage.ts";
import type { RaftStorage } from "./raft/log.ts";
import { MemoryStorage } from "./raft/memory_storage.ts";
import { connectRelay, type SignalReceiver } from "./relay.ts";
import { type LocalProcesses, SharedNames } from "./shared_names.ts";

/** Settings of a node. */
export interface ClusterSettings {
  readonly network: NetworkSettings;
  readonly consensus: ConsensusSettings;
  /** Folder of everything that lasts; "" when there is none. */
  readonly dataFolder: string;
  readonly snapshotsKept: number;
}

/** What a node is made of. */
export interface ClusterNodeOptions {
  readonly ports: Ports;
  readonly log: Log;
  readonly settings: ClusterSettings;
  readonly signals: SignalReceiver;
  readonly processes: LocalProcesses;
  readonly members: MemberListener;
  readonly led: (leader: string, previous: string, term: number) => void;
}

/** A node. */
export class ClusterNode implements Cluster {
  readonly network: ClusterNetwork;
  readonly names: SharedNames;
  readonly locks: SharedNames;
  readonly agreed: AgreedPairs;
  readonly converging: ConvergingPairs;
  readonly #consensus: Consensus;
  readonly #channels: NodeChannels;

  constructor(options: ClusterNodeOptions) {
    const { led, log, members, ports, processes, settings, signals } = options;
    const { clock, cryptography, files, nodeNetwork, random, sqlite } = ports;
    const network = this.network = new ClusterNetwork({
      clock,
      random,
      cryptography,
      network: nodeNetwork,
      log,
      settings: settings.network,
    });
    network.listen(members);
    const machine = new ClusterMachine();
    const consensus = this.#consensus = new Consensus({
      clock,
      random,
      log,
      network,
      machine,
      settings: settings.consensus,
      storage: () => storageOf(settings, ports),
    });
    let leader = "";
    consensus.listen({
      led: (next, term) => {
        led(next, leader, term);
        leader = next;
      },
    });
    const channels = this.#channels = new NodeChannels(network.mesh);
    connectRelay(network, signals);
    this.names = this.locks = new SharedNames({
      clock,
      log,
      network,
      channels,
      consensus,
      machine,
      processes,
    });
    this.agreed = new AgreedPairs({ clock, consensus, machine });
    const { dataFolder, network: { node } } = settings;
    this.converging = new ConvergingPairs({
      node,
      clock,
      open: (listener) => channels.open("pairs", listener),
      shelf: dataFolder === ""
        ? undefined
        : () => new DiskShelf({ sqlite, files, folder: shelfFolder(files, dataFolder) }),
    });
  }

  /** Opens the ports and begins to take part. */
  async open(): Promise<void> {
    await this.network.open();
    try {
      this.#consensus.start();
    } catch (error) {
      await this.vanish();
      throw error;
    }
  }

  /** Leaves the cluster in order. */
  async close(): Promise<void> {
    this.#end();
    await this.network.close();
  }

  /** Is gone without a word. */
  async vanish(): Promise<void> {
    this.#end();
    await this.network.vanish();
  }

  #end(): void {
    this.names.close();
    this.converging.close();
    this.#consensus.close();
  }

  get node(): string {
    return this.network.node;
  }

  get address(): string {
    return addressText(this.network.members.self.address);
  }

  get role(): ClusterRole {
    return this.#consensus.role;
  }

  get leader(): string {
    return this.#consensus.leader;
  }

  /** How badly this node keeps up with the others: 0 is best. */
  get healthScore(): number {
    return this.network.healthScore;
  }

  /** Milliseconds since a leader was heard of; Infinity when none ever was. */
  get silenceMs(): number {
    return this.#consensus.raft?.silenceMs ?? Infinity;
  }

  members(): ClusterMember[] {
    const { live, self } = { live: this.network.members.live(), self: this.node };
    const others = live.filter(({ id }) => id !== self).sort((a, b) => a.id < b.id ? -1 : 1);
    return [...live.filter(({ id }) => id === self), ...others].map((member) => this.#memberOf(member));
  }

  #memberOf({ id, address, meta }: Member): ClusterMember {
    return { id, isLocal: id === this.node, address: addressText(address), meta };
  }

  get consensus(): ConsensusView | undefined {
    const { raft } = this.#consensus;
    if (raft === undefined) return undefined;
    return {
      role: this.role,
      term: raft.term,
      commitIndex: raft.commitIndex,
      stats: {
        state: raft.role,
        term: String(raft.term),
        leader: this.leader,
        commit_index: String(raft.commitIndex),
        applied_index: String(raft.appliedIndex),
        last_log_index: String(raft.log.lastIndex),
        last_log_term: String(raft.log.lastTerm),
        last_snapshot_index: String(raft.log.base),
        voters: raft.config.voters.join(","),
        standbys: raft.config.standbys.join(","),
        last_contact_ms: Number.isFinite(raft.silenceMs) ? String(Math.round(raft.silenceMs)) : "never",
      },
    };
  }

  openChannel(name: string, listener: NodeChannelListener): NodeChannel {
    return this.#channels.open(`part ${name}`, listener);
  }
}

function storageOf({ dataFolder, network, snapshotsKept }: ClusterSettings, ports: Ports): RaftStorage {
  if (dataFolder === "") return new MemoryStorage();
  const folder = ports.files.resolve(dataFolder, "_sys", "raft");
  return new DiskStorage({
    sqlite: ports.sqlite,
    files: ports.files,
    folder,
    node: network.node,
    snapshotsKept,
  });
}

function shelfFolder(files: Files, dataFolder: string): string {
  return files.resolve(dataFolder, "_sys", "kvcrdt");
}
