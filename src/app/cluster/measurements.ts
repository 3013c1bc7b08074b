/** Measurements of a cluster node, taken once a second. */
import type { ClusterNode } from "../../cluster/mod.ts";
import { type Metrics, METRICS_ID, MetricsResource } from "../../ports/mod.ts";
import type { ApplicationContext } from "../context.ts";
import { INFRASTRUCTURE } from "../standard_components.ts";

const EVERY_MS = 1_000;
const STATES = ["alive", "suspect", "dead", "left"] as const;
const RAFT_STATES: readonly string[] = ["follower", "candidate", "leader"];
/** Changes of voters within this time that make a burst. */
const BURST_CHANGES = 3;
const BURST_MS = 30_000;

/** Begins to record; returns a function that ends it. */
export function recordCluster(node: ClusterNode, context: ApplicationContext): () => void {
  const { clock } = context.get(INFRASTRUCTURE.ports);
  const metrics = context.get(INFRASTRUCTURE.resources).find(MetricsResource, METRICS_ID);
  if (metrics === undefined) return () => {};
  const churn = new VoterChurn();
  let eventMs: number | undefined;
  let leader = "";
  const event = (): void => {
    const nowMs = clock.monotonicMs();
    if (eventMs !== undefined) metrics.observe("gossip_convergence_seconds", (nowMs - eventMs) / 1000, {});
    eventMs = nowMs;
  };
  node.network.listen({ joined: event, left: event, updated: event });
  metrics.counterAdd("raft_leader_changes_total", 0, {});
  metrics.counterAdd("raft_voter_churn_burst_total", 0, {});
  const record = (): void => {
    recordMembers(node, metrics);
    recordCore(node, metrics);
    if (node.leader !== leader && node.leader !== "") metrics.counterAdd("raft_leader_changes_total", 1, {});
    leader = node.leader === "" ? leader : node.leader;
    if (churn.sees(node.consensus?.stats["voters"] ?? "", clock.monotonicMs())) {
      metrics.counterAdd("raft_voter_churn_burst_total", 1, {});
    }
  };
  record();
  const again = (): ReturnType<typeof clock.timer> =>
    clock.timer(EVERY_MS, () => {
      record();
      timer = again();
    }, { background: true });
  let timer = again();
  return () => timer.cancel();
}

function recordMembers(node: ClusterNode, metrics: Metrics): void {
  const members = node.network.members.all();
  for (const state of STATES) {
    metrics.gaugeSet("gossip_members", members.filter((member) => member.state === state).length, { state });
  }
}

function recordCore(node: ClusterNode, metrics: Metrics): void {
  const { consensus } = node;
  if (consensus === undefined) return;
  const { stats, term } = consensus;
  const count = (ids: string | undefined): number =>
    ids === undefined || ids === "" ? 0 : ids.split(",").length;
  metrics.gaugeSet("raft_state", RAFT_STATES.indexOf(stats["state"] ?? ""), {});
  metrics.gaugeSet("raft_term", term, {});
  metrics.gaugeSet("raft_voters", count(stats["voters"]), {});
  metrics.gaugeSet("raft_non_voters", count(stats["standbys"]), {});
}

/** Tells when voters come and go too often. */
class VoterChurn {
  #voters: string | undefined;
  #changes: number[] = [];

  sees(voters: string, nowMs: number): boolean {
    const isChange = this.#voters !== undefined && this.#voters !== voters;
    this.#voters = voters;
    if (!isChange) return false;
    this.#changes = [...this.#changes.filter((ms) => nowMs - ms < BURST_MS), nowMs];
    if (this.#changes.length < BURST_CHANGES) return false;
    this.#changes = [];
    return true;
  }
}
