/** What a cluster node says of itself when it is asked whether it is alive. */
import type { ClusterRole, Liveness } from "../../ports/mod.ts";

/** What the checks look at. */
export interface LivenessView {
  /** How badly the node keeps up with the others: 0 is best. */
  readonly healthScore: number;
  readonly role: ClusterRole;
  /** Milliseconds since a leader was heard of; Infinity when none ever was. */
  readonly silenceMs: number;
}

/** Limits of the checks. */
export interface LivenessLimits {
  /** Longest time in which a leader waits before it tells that it is there. */
  readonly contactMs: number;
}

/** Score of gossip from which on a node is not well. */
const SCORE_LIMIT = 4;
/** Time after the start in which gossip may go as badly as it likes: a node that comes back is not to be killed for it. */
const GRACE_MS = 60_000;
/** Silences of a leader, in times of the election timeout. */
const VOTER_TIMES = 10;
const STANDBY_TIMES = 60;

/** Adds the checks of a node; returns a function that takes them away. `nowMs` never goes back. */
export function watchLiveness(
  liveness: Liveness,
  view: LivenessView,
  limits: LivenessLimits,
  nowMs: () => number,
): () => void {
  const startedMs = nowMs();
  const removals = [
    liveness.add("gossip", () => {
      const score = view.healthScore;
      if (score < SCORE_LIMIT || nowMs() - startedMs < GRACE_MS) return "";
      return `gossip health score is ${score}: this node misses the answers of others`;
    }),
    liveness.add("raft.last_contact", () => {
      const { role } = view;
      if (role === "leader" || role === "non-member") return "";
      const limitMs = limits.contactMs * (role === "voter" ? VOTER_TIMES : STANDBY_TIMES);
      const silenceMs = Math.min(view.silenceMs, nowMs() - startedMs);
      if (silenceMs <= limitMs) return "";
      return `no leader was heard of for ${
        Math.round(silenceMs)
      } ms; a ${role} may go without for ${limitMs} ms`;
    }),
  ];
  return () => removals.forEach((remove) => remove());
}
