/** Who is in which group on other nodes, as these nodes have told; each pid as often as it has joined. */

/** Groups of one node. */
export type GroupTable = ReadonlyMap<string, readonly string[]>;

/** A difference in one group. */
export interface GroupDifference {
  readonly group: string;
  readonly joined: readonly string[];
  readonly left: readonly string[];
}

/** Members on other nodes. */
export class RemoteMembers {
  readonly #byNode = new Map<string, Map<string, string[]>>();

  /** Members of a group, on one node or on all, node by node. */
  of(group: string, node?: string): string[] {
    const nodes = node === undefined ? this.nodes() : [node];
    return nodes.flatMap((each) => this.#byNode.get(each)?.get(group) ?? []);
  }

  /** Groups that have members on other nodes. */
  groups(): string[] {
    return [...new Set([...this.#byNode.values()].flatMap((groups) => [...groups.keys()]))];
  }

  /** Nodes that have told of members, in order. */
  nodes(): string[] {
    return [...this.#byNode.keys()].sort();
  }

  /** Takes all that a node has, in place of what it had; tells only what differs. */
  replace(node: string, table: GroupTable): GroupDifference[] {
    const known = this.#byNode.get(node) ?? new Map<string, string[]>();
    const fresh = new Map(
      [...table].filter(([, pids]) => pids.length > 0).map(([group, pids]) => [group, [...pids]]),
    );
    if (fresh.size === 0) this.#byNode.delete(node);
    else this.#byNode.set(node, fresh);
    const differences: GroupDifference[] = [];
    for (const group of new Set([...known.keys(), ...fresh.keys()])) {
      const joined = surplus(fresh.get(group) ?? [], known.get(group) ?? []);
      const left = surplus(known.get(group) ?? [], fresh.get(group) ?? []);
      if (joined.length + left.length > 0) differences.push({ group, joined, left });
    }
    return differences;
  }

  /** A process of a node has joined groups, each once. */
  join(node: string, pid: string, groups: readonly string[]): void {
    let known = this.#byNode.get(node);
    if (known === undefined) this.#byNode.set(node, known = new Map());
    for (const group of groups) known.set(group, [...known.get(group) ?? [], pid]);
  }

  /** A process of a node has left a group `times` times; how often it was in it. */
  leave(node: string, pid: string, group: string, times: number): number {
    const known = this.#byNode.get(node);
    const pids = known?.get(group);
    if (known === undefined || pids === undefined) return 0;
    let left = 0;
    for (let at = pids.lastIndexOf(pid); at >= 0 && left < times; at = pids.lastIndexOf(pid)) {
      pids.splice(at, 1);
      left += 1;
    }
    if (pids.length === 0) known.delete(group);
    if (known.size === 0) this.#byNode.delete(node);
    return left;
  }
}

/** What `all` has more of than `others`. */
function surplus(all: readonly string[], others: readonly string[]): string[] {
  const rest = new Map<string, number>();
  for (const pid of others) rest.set(pid, (rest.get(pid) ?? 0) + 1);
  return all.filter((pid) => {
    const count = rest.get(pid) ?? 0;
    if (count > 0) rest.set(pid, count - 1);
    return count === 0;
  });
}
