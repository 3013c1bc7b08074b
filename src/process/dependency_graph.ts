/**
 * Which service needs which: an order of start, with circles taken out.
 *
 * G1. `dependencies` never leads back to where it started: services that need each other are not ordered among themselves.
 * G2. Services that need each other count as one towards others: they need what any of them needs, and who needs one of
 *     them needs all.
 */

/** A service and the ids it names. */
export interface GraphNode {
  readonly id: string;
  readonly requires: readonly string[];
}

/** Dependencies between the services known at one moment. */
export class DependencyGraph {
  /** Groups of services that need each other, each sorted. */
  readonly circles: readonly string[][];
  readonly #dependencies = new Map<string, string[]>();
  readonly #dependents = new Map<string, string[]>();

  constructor(nodes: Iterable<GraphNode>) {
    const edges = new Map<string, string[]>();
    for (const node of nodes) edges.set(node.id, [...new Set(node.requires)]);
    for (const [id, requires] of edges) {
      edges.set(id, requires.filter((other) => other !== id && edges.has(other)));
      this.#dependents.set(id, []);
    }
    const groups = groupsOf(edges);
    const groupOf = new Map<string, string[]>();
    for (const group of groups) for (const id of group) groupOf.set(id, group);
    for (const group of groups) {
      const outside = new Set<string[]>();
      for (const id of group) for (const other of edges.get(id)!) outside.add(groupOf.get(other)!);
      outside.delete(group);
      const needed = [...outside].flat().sort();
      for (const id of group) {
        this.#dependencies.set(id, needed);
        for (const other of needed) this.#dependents.get(other)!.push(id);
      }
    }
    this.circles = groups.filter((group) => group.length > 1).map((group) => group.toSorted());
  }

  /** Services that must run before `id`. */
  dependencies(id: string): readonly string[] {
    return this.#dependencies.get(id) ?? [];
  }

  /** Services that need `id`. */
  dependents(id: string): readonly string[] {
    return this.#dependents.get(id) ?? [];
  }
}

/** Strongly connected components (Tarjan), without recursion. */
function groupsOf(edges: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const groups: string[][] = [];
  for (const root of edges.keys()) {
    if (index.has(root)) continue;
    const path: { id: string; next: number }[] = [{ id: root, next: 0 }];
    while (path.length > 0) {
      const frame = path.at(-1)!;
      const { id } = frame;
      if (frame.next === 0) {
        index.set(id, index.size);
        low.set(id, index.get(id)!);
        open.push(id);
        isOpen.add(id);
      }
      const target = edges.get(id)![frame.next];
      frame.next += 1;
      if (target !== undefined) {
        if (!index.has(target)) path.push({ id: target, next: 0 });
        else if (isOpen.has(target)) low.set(id, Math.min(low.get(id)!, index.get(target)!));
        continue;
      }
      path.pop();
      const parent = path.at(-1)?.id;
      if (parent !== undefined) low.set(parent, Math.min(low.get(parent)!, low.get(id)!));
      if (low.get(id) !== index.get(id)) continue;
      const group = open.splice(open.lastIndexOf(id));
      for (const member of group) isOpen.delete(member);
      groups.push(group);
    }
  }
  return groups;
}
