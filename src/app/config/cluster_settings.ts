/** The `cluster` section: membership, transport between nodes, consensus. Inert unless `enabled`. */
import { any, boolean, duration, integer, late, object, oneOf, string } from "../../core/schema.ts";

const SECOND = 1000;
const PORT_MAX = 65_535;

/** Fields of `cluster`. */
export const CLUSTER = late(() => ({
  enabled: boolean({ default: false }),
  name: string({ default: "" }),
  failure_domain: string({ default: "" }),
  kv_crdt_tombstone_retention: any(),
  kv_crdt_tombstone_gc_alive_peers: any(),
  membership: object({
    bind_addr: string({ default: "0.0.0.0" }),
    bind_port: integer({ default: 7946, min: 0, max: PORT_MAX }),
    advertise_addr: string({ default: "" }),
    join_addrs: string({ default: "" }),
    secret_key: string({ default: "" }),
    secret_file: string({ default: "" }),
    gossip_interval: duration({ default: 500 }),
    push_pull_interval: duration({ default: 5 * SECOND }),
    dead_node_reclaim_time: duration({ default: 30 * SECOND }),
    probe_interval: duration({ default: 1 * SECOND }),
    probe_timeout: duration({ default: 200 }),
    tcp_timeout: duration({ default: 1 * SECOND }),
    suspicion_mult: integer({ default: 3, min: 1 }),
  }),
  internode: object({
    bind_addr: string({ default: "0.0.0.0" }),
    bind_port: integer({ default: 0, min: 0, max: PORT_MAX }),
    auto_port: boolean({ default: true }),
    advertise_addr: string({ default: "" }),
    advertise_port: integer({ default: 0, min: 0, max: PORT_MAX }),
  }),
  raft: object({
    data_dir: string({ default: "~/.wippy/store" }),
    enabled: boolean({ default: true }),
    role: oneOf(["server", "client"], { default: "server" }),
    eligible: boolean({ default: true }),
    priority: integer({ default: 100 }),
    bootstrap_expect: integer({ default: 1, min: 0 }),
    max_voters: integer({ default: 5, min: 1 }),
    max_standbys: integer({ default: 4, min: 0 }),
    reconcile_debounce: duration({ default: 2 * SECOND }),
    reconcile_timeout: duration({ default: 2 * SECOND }),
    heartbeat_timeout: duration({ default: 3 * SECOND }),
    election_timeout: duration({ default: 3 * SECOND }),
    commit_timeout: duration({ default: 500 }),
    snapshot_threshold: integer({ default: 8192, min: 1 }),
    snapshot_interval: duration({ default: 120 * SECOND }),
    snapshot_retain: integer({ default: 3, min: 1 }),
    trailing_logs: integer({ default: 10_240, min: 0 }),
    max_append_entries: integer({ default: 16, min: 1 }),
    leader_probe_interval: duration({ default: 3 * SECOND }),
    leader_probe_grace: integer({ default: 3, min: 1 }),
    registry_backend: oneOf(["fsm", "kv"], { default: "fsm" }),
    global_dissem_tombstone_retention: any(),
  }),
}));
