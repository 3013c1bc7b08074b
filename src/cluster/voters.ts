/**
 * Who should take part in the consensus core: the same answer on every node that sees the same members.
 *
 * V1. Voters are an odd number of eligible nodes, spread over failure domains first, then by priority (lower first), then by id.
 * V2. Steps towards it keep a majority: newcomers first, as standbys; then promotions; then demotions; removals last.
 */
import type { RaftConfig } from "./raft/config.ts";

/** A node that runs the core's program. */
export interface CoreCandidate {
  readonly id: string;
  readonly isEligible: boolean;
  readonly domain: string;
  readonly priority: number;
}

/** Most nodes that take part. */
export interface CoreLimits {
  readonly votersMax: number;
  readonly standbysMax: number;
}

/** The core that these candidates should form. */
export function selectCore(candidates: readonly CoreCandidate[], limits: CoreLimits): RaftConfig {
  const ordered = [...candidates].sort((a, b) => a.priority - b.priority || (a.id < b.id ? -1 : 1));
  const eligible = ordered.filter(({ isEligible }) => isEligible);
  const count = odd(Math.min(limits.votersMax, eligible.length));
  const perDomain = new Map<string, number>();
  const voters: CoreCandidate[] = [];
  while (voters.length < count) {
    const rest = eligible.filter((candidate) => !voters.includes(candidate));
    const fewest = Math.min(...rest.map(({ domain }) => perDomain.get(domain) ?? 0));
    const next = rest.find(({ domain }) => (perDomain.get(domain) ?? 0) === fewest)!;
    perDomain.set(next.domain, fewest + 1);
    voters.push(next);
  }
  const others = ordered.filter((candidate) => !voters.includes(candidate));
  // Those that may be promoted come first.
  const standbys = [...others.filter(({ isEligible }) => isEligible), ...others.filter((c) => !c.isEligible)]
    .slice(0, limits.standbysMax);
  return { voters: voters.map(({ id }) => id).sort(), standbys: standbys.map(({ id }) => id).sort() };
}

function odd(count: number): number {
  return count % 2 === 0 ? Math.max(0, count - 1) : count;
}

/** What is known of the members of a core when it is changed. */
export interface CoreState {
  /** Whether a node has all of the log that counts. */
  isCurrent(id: string): boolean;
  /** Whether a node neither gossips nor answers the leader. */
  isLost(id: string): boolean;
}

/** The next configuration on the way from one to another; undefined when nothing can or need be done now. */
export function nextStep(from: RaftConfig, to: RaftConfig, state: CoreState): RaftConfig | undefined {
  const { voters, standbys } = from;
  const wanted = [...to.voters, ...to.standbys];
  const newcomer = wanted.find((id) => !voters.includes(id) && !standbys.includes(id));
  if (newcomer !== undefined) return { voters, standbys: [...standbys, newcomer] };
  const promoted = to.voters.find((id) => standbys.includes(id) && state.isCurrent(id));
  if (promoted !== undefined) return { voters: [...voters, promoted], standbys: without(standbys, promoted) };
  // While one that should vote is not ready, nobody is taken away but those that only hold up the others.
  const isWaiting = to.voters.some((id) => !voters.includes(id));
  const surplus = voters.filter((id) => !to.voters.includes(id));
  const lost = surplus.find((id) => state.isLost(id));
  const demoted = lost ?? (isWaiting ? undefined : surplus[0]);
  if (demoted !== undefined && voters.length > 1) {
    const isKept = demoted !== lost && to.standbys.includes(demoted);
    return { voters: without(voters, demoted), standbys: isKept ? [...standbys, demoted] : standbys };
  }
  const removed = standbys.find((id) => !wanted.includes(id));
  return removed === undefined ? undefined : { voters, standbys: without(standbys, removed) };
}

function without(ids: readonly string[], id: string): string[] {
  return ids.filter((other) => other !== id);
}
