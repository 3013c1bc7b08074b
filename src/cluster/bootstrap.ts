/**
 * How the consensus core comes into being: by gossip, without a list of its members.
 *
 * B1. A node that sees a core, or has seen one whose members have not all come back without it, waits to be taken up. B2. Nodes that form one all compute the same first configuration, from the same
 *     members, after these stayed the same for a while.
 *     One that sees such a configuration begun begins with the same one, if it was meant: a majority has to begin, and whoever only waited
 *     to be taken up could leave the others without one. It is meant when it is the life of the node that was counted: another one may
 *     have forgotten a vote.
 * B3. A node with join addresses never forms a core before it has met somebody: two cores can't be put together again.
 */
import { isValueMap, type Value } from "../core/mod.ts";
import type { Member } from "./member_table.ts";
import { type CoreCandidate, type CoreLimits, selectCore } from "./voters.ts";
import type { RaftConfig } from "./raft/config.ts";

/** How a core begins. */
export interface Beginning {
  readonly config: RaftConfig;
  /** The lives of its members that were counted, by name. */
  readonly boots: Readonly<Record<string, number>>;
}

/** A live node, as far as forming a core goes. */
export interface BootstrapPeer extends CoreCandidate {
  /** `waiting` for a core, `begun` with one that has no leader yet, `member` of one, or `client`, which is none of these. */
  readonly status: "waiting" | "begun" | "member" | "client";
  readonly boot: number;
  /** What it has begun with. */
  readonly beginning?: Beginning;
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

  /** What to begin with; undefined while there is nothing. */
  look(view: BootstrapView, nowMs: number): Beginning | undefined {
    const config = this.#formed(view, nowMs);
    if (config === undefined) return view.expected === 0 ? undefined : this.#joinable(view);
    const all = [...config.voters, ...config.standbys];
    const counted = view.peers.filter(({ id }) => all.includes(id)).sort((a, b) => a.id < b.id ? -1 : 1);
    return { config, boots: Object.fromEntries(counted.map(({ boot, id }) => [id, boot])) };
  }

  /** What others have begun with and meant this node to, while none of them has a leader. */
  #joinable({ peers, self }: BootstrapView): Beginning | undefined {
    const begun = peers.filter(({ status }) => status === "begun");
    const [first] = begun;
    if (first?.beginning === undefined || this.#core.size > begun.length) return undefined;
    const text = JSON.stringify(first.beginning);
    const isOne = begun.every(({ beginning }) => JSON.stringify(beginning) === text);
    const boot = peers.find(({ id }) => id === self)?.boot;
    const { boots } = first.beginning;
    return isOne && Object.hasOwn(boots, self) && boots[self] === boot ? first.beginning : undefined;
  }

  #formed(view: BootstrapView, nowMs: number): RaftConfig | undefined {
    const { expected, hasJoinAddresses, hasJoined, limits, peers, self } = view;
    for (const { id, status } of peers) {
      if (status === "member" || status === "begun") this.#core.add(id);
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

/** What a node tells of itself by gossip: how far it is, and what it has begun as long as that has no leader. */
export function standingOf(
  raft: { readonly isEmpty: boolean; readonly commitIndex: number } | undefined,
  beginning: Beginning | undefined,
): Record<string, string> {
  if (raft === undefined) return { raft: "client" };
  if (raft.isEmpty) return { raft: "waiting" };
  if (beginning === undefined || raft.commitIndex > 0) return { raft: "member" };
  return { raft: "begun", begun: JSON.stringify(beginning) };
}

/** A member as a candidate for the core. */
export function peerOf({ boot, id, meta }: Member): BootstrapPeer {
  const told = meta["raft"];
  const status = told === "member" || told === "waiting" || told === "begun" ? told : "client";
  return {
    id,
    boot,
    status,
    ...status === "begun" ? { beginning: beginningIn(meta["begun"]) } : {},
    isEligible: meta["eligible"] !== "false",
    domain: meta["failure_domain"] ?? "",
    priority: Number(meta["priority"] ?? 100),
  };
}

/** The beginning in a text; undefined when it is none. */
function beginningIn(text: string | undefined): Beginning | undefined {
  try {
    const { boots, config } = JSON.parse(text ?? "") as { [name in keyof Beginning]?: Value };
    const { standbys, voters } = isValueMap(config) ? config : {};
    const isList = (list: Value | undefined): list is string[] =>
      Array.isArray(list) && list.every((id) => typeof id === "string");
    if (!isList(voters) || !isList(standbys) || voters.length === 0 || !isValueMap(boots)) return undefined;
    return { config: { voters, standbys }, boots: boots as Record<string, number> };
  } catch {
    return undefined;
  }
}
