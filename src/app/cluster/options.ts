/** What the `cluster` section of a configuration makes of a node. */
import { Failure } from "../../core/mod.ts";
import type { NodeAddress, Ports } from "../../ports/mod.ts";
import { type ClusterSettings, parseSecret } from "../../cluster/mod.ts";
import type { Settings } from "../config/mod.ts";

/** A cluster as an application is told of it. */
export interface ClusterOptions {
  readonly node: string;
  readonly section: Settings["cluster"];
  /** The root of relative paths. */
  readonly baseDirectory: string;
}

const GOSSIP_PORT = 7946;
/** Ports that are tried before any free one is taken. */
const MESH_PORTS = [7950, 7951, 7952, 7953, 7954, 7955, 7956, 7957, 7958, 7959];
const STABLE_MS_MIN = 1_000;

/** The settings of a node. Fails with Invalid, naming the field. */
export function settingsOf({ baseDirectory, node, section }: ClusterOptions, ports: Ports): ClusterSettings {
  const { internode, membership, raft } = section;
  if (raft.max_voters % 2 === 0) throw invalid(`cluster.raft.max_voters must be odd, not ${raft.max_voters}`);
  if (internode.advertise_port > 0 && internode.advertise_addr === "") {
    throw invalid("cluster.internode.advertise_port needs cluster.internode.advertise_addr");
  }
  const joinAddresses = addressesOf(membership.join_addrs);
  const isServer = raft.enabled && raft.role === "server";
  return {
    dataFolder: folderOf(raft.data_dir, baseDirectory, ports),
    snapshotsKept: raft.snapshot_retain,
    network: {
      node,
      bindHost: membership.bind_addr,
      bindPort: membership.bind_port,
      advertiseHost: membership.advertise_addr,
      membership: {
        joinAddresses,
        gossipMs: membership.gossip_interval,
        pushPullMs: membership.push_pull_interval,
        reclaimMs: membership.dead_node_reclaim_time,
        probeMs: membership.probe_interval,
        probeTimeoutMs: membership.probe_timeout,
        streamTimeoutMs: membership.tcp_timeout,
        suspicionFactor: membership.suspicion_mult,
      },
      meshHost: internode.bind_addr,
      meshPorts: meshPorts(internode),
      meshAdvertiseHost: internode.advertise_addr,
      meshAdvertisePort: internode.advertise_port,
      secret: secretOf(membership, baseDirectory, ports),
      meta: {
        eligible: String(raft.eligible),
        priority: String(raft.priority),
        ...section.failure_domain === "" ? {} : { failure_domain: section.failure_domain },
      },
    },
    consensus: {
      isServer,
      expected: raft.bootstrap_expect,
      limits: { votersMax: raft.max_voters, standbysMax: raft.max_standbys },
      reconcileDebounceMs: raft.reconcile_debounce,
      reconcileTimeoutMs: raft.reconcile_timeout,
      leaderProbeMs: raft.leader_probe_interval,
      leaderProbeGrace: raft.leader_probe_grace,
      stableMs: Math.max(STABLE_MS_MIN, 2 * membership.gossip_interval),
      unknownMs: membership.dead_node_reclaim_time,
      raft: {
        heartbeatMs: raft.heartbeat_timeout,
        electionMs: Math.max(raft.election_timeout, raft.heartbeat_timeout),
        commitMs: raft.commit_timeout,
        snapshotEntries: raft.snapshot_threshold,
        snapshotMs: raft.snapshot_interval,
        trailingEntries: raft.trailing_logs,
        appendEntriesMax: raft.max_append_entries,
      },
    },
  };
}

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

function meshPorts({ auto_port, bind_port }: Settings["cluster"]["internode"]): number[] {
  if (bind_port > 0) return [bind_port];
  return auto_port ? [...MESH_PORTS, 0] : [0];
}

function addressesOf(text: string): NodeAddress[] {
  return text.split(",").map((part) => part.trim()).filter((part) => part !== "").map((part) => {
    const match = /^(?:\[([^\]]+)\]|([^:\s]+))(?::(\d+))?$/.exec(part);
    const port = Number(match?.[3] ?? GOSSIP_PORT);
    if (match === null || port < 1 || port > 65_535) {
      throw invalid(`cluster.membership.join_addrs: "${part}" is no address (example: node-1:7946)`);
    }
    return { host: match[1] ?? match[2]!, port };
  });
}

function secretOf(
  { secret_file, secret_key }: Settings["cluster"]["membership"],
  baseDirectory: string,
  ports: Ports,
): Uint8Array {
  if (secret_key !== "" && secret_file !== "") {
    throw invalid("cluster.membership: give secret_key or secret_file, not both");
  }
  if (secret_key !== "") return parseSecret(secret_key, "cluster.membership.secret_key");
  if (secret_file === "") return new Uint8Array(0);
  const text = ports.files.readText(ports.files.resolve(baseDirectory, secret_file));
  return parseSecret(text, `cluster.membership.secret_file ${secret_file}`);
}

/** The folder of what lasts; "" when the home directory that it is in is not known. */
function folderOf(text: string, baseDirectory: string, ports: Ports): string {
  if (text !== "~" && !text.startsWith("~/")) {
    return text === "" ? "" : ports.files.resolve(baseDirectory, text);
  }
  const home = ports.osVariable("HOME") ?? ports.osVariable("USERPROFILE") ?? "";
  return home === "" ? "" : ports.files.resolve(home, text.slice(2));
}
