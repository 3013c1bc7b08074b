/**
 * How the consensus core comes into being: by gossip, without a list of its members.
 *
 * B1. A node that sees a core, or has seen one whose members have not all come back without it, waits to be taken up. B2. Nodes that form one all compute the same first configuration, from the same
 *     members, after these stayed the same for a while.
 * B3. A node with join addresses never forms a core before it has met somebody: two cores can't be put together again.
 */
import type { Member } from "./member_table.ts";
import { type CoreCandidate, type CoreLimits, selectCore } from "./voters.ts";
import type { RaftConfig } from "./raft/config.ts";

/** A live node, as far as forming a core goes. */
export interface BootstrapPeer extends CoreCandidate {
  /** `waiting` for a core, `member` of one, or `client`, which is neither. */
  readonly status: "waiting" | "member" | "client";
}

/** What a node knows when it looks whether it may begin. */
export interface BootstrapView {
  readonly self: string;
  /** How many nodes form the core; 0 never. */
  readonly expected: number;
  readonly hasJoinAddresses: boolean;
  readonly hasJoined: boolean;
  readonly peers: readonly BootstrapPeer[];
  readonly limits: CoreLimits;
}

/** Decides, look by look, when a node forms a core. */
export class Bootstrap {
  readonly #stableMs: number;
  #seen = "";
  #sinceMs = 0;
  /** Members of a core that were seen, and not seen without it since: they may come back with what it decided. */
  readonly #core = new Set<string>();

  /** `stableMs`: how long the same nodes must have been seen. */
  constructor(stableMs: number) {
    this.#stableMs = stableMs;
  }

  /** The configuration to begin with; undefined while there is none. */
  look(view: BootstrapView, nowMs: number): RaftConfig | undefined {
    const { expected, hasJoinAddresses, hasJoined, limits, peers, self } = view;
    for (const { id, status } of peers) {
      if (status === "member") this.#core.add(id);
      else this.#core.delete(id);
    }
    if (expected === 0 || this.#core.size > 0) return undefined;
    if (expected === 1 && !hasJoinAddresses) return { voters: [self], standbys: [] };
    const waiting = peers.filter(({ status, isEligible }) => status === "waiting" && isEligible);
    const ids = waiting.map(({ id }) => id).sort();
    const seen = ids.join(" ");
    if (seen !== this.#seen) {
      this.#seen = seen;
      this.#sinceMs = nowMs;
    }
    const isStable = nowMs - this.#sinceMs >= this.#stableMs;
    if (!hasJoined || !isStable || !ids.includes(self)) return undefined;
    // One of those that expect nobody begins alone; the others join it.
    if (expected === 1) return ids[0] === self ? { voters: [self], standbys: [] } : undefined;
    return ids.length === expected ? selectCore(waiting, limits) : undefined;
  }
}

/** A member as a candidate for the core. */
export function peerOf({ id, meta }: Member): BootstrapPeer {
  const status = meta["raft"] === "member" || meta["raft"] === "waiting" ? meta["raft"] : "client";
  return {
    id,
    status,
    isEligible: meta["eligible"] !== "false",
    domain: meta["failure_domain"] ?? "",
    priority: Number(meta["priority"] ?? 100),
  };
}
