/**
 * Finds the route for a method and a path among all routes of a server.
 *
 * RT1. The most specific pattern that has the method wins; since routes do not conflict, trying literals before parameters
 *      before tails finds it.
 * RT2. A table never changes: a server builds a new one, so that requests in progress keep theirs.
 */
import { type RoutePattern, splitPath } from "./route_pattern.ts";

/** Something that answers requests of one method under one pattern. */
export interface Routed {
  readonly method: string;
  readonly pattern: RoutePattern;
}

/** A route and the values of its parameters, in order. */
export interface RouteFound<R> {
  readonly kind: "route";
  readonly route: R;
  readonly values: readonly string[];
}

/** The path is known, the method is not. */
export interface MethodUnknown<R> {
  readonly kind: "method";
  /** Routes of that path with other methods, the most specific pattern first. */
  readonly routes: readonly R[];
}

interface Node<R> {
  literals: Map<string, Node<R>> | undefined;
  parameter: Node<R> | undefined;
  tail: Map<string, R> | undefined;
  methods: Map<string, R> | undefined;
}

const NO_VALUES: readonly string[] = [];

function createNode<R>(): Node<R> {
  return { literals: undefined, parameter: undefined, tail: undefined, methods: undefined };
}

/** Routes, ready to be searched. */
export class RouteTable<R extends Routed> {
  readonly #root: Node<R> = createNode();
  /** Patterns without parameters by path. */
  readonly #exact = new Map<string, Map<string, R>>();

  constructor(routes: Iterable<R>) {
    for (const route of routes) this.#add(route);
  }

  #add(route: R): void {
    const { segments, names, text } = route.pattern;
    let node = this.#root;
    for (const segment of segments) {
      if (segment.kind === "tail") {
        (node.tail ??= new Map()).set(route.method, route);
        return;
      }
      if (segment.kind === "parameter") {
        node = node.parameter ??= createNode();
        continue;
      }
      const literals = node.literals ??= new Map();
      let next = literals.get(segment.text);
      if (next === undefined) literals.set(segment.text, next = createNode());
      node = next;
    }
    (node.methods ??= new Map()).set(route.method, route);
    if (names.length === 0) this.#exact.set(text, node.methods);
  }

  /** What answers `method` at `path` (as sent, still escaped). Tails that begin before segment `tailFrom` are passed over. */
  find(method: string, path: string, tailFrom = 0): RouteFound<R> | MethodUnknown<R> | undefined {
    const route = this.#exact.get(path)?.get(method);
    if (route !== undefined) return { kind: "route", route, values: NO_VALUES };
    const others: Map<string, R>[] = [];
    const search: Search<R> = { method, parts: unescapedParts(path), tailFrom, values: [], others };
    const found = descend(this.#root, search, 0);
    if (found !== undefined) return { kind: "route", route: found, values: search.values };
    if (others.length === 0) return undefined;
    return { kind: "method", routes: others.flatMap((methods) => [...methods.values()]) };
  }
}

interface Search<R> {
  readonly method: string;
  readonly parts: readonly string[];
  readonly tailFrom: number;
  readonly values: string[];
  readonly others: Map<string, R>[];
}

function descend<R>(node: Node<R>, search: Search<R>, depth: number): R | undefined {
  const { parts, values } = search;
  if (depth === parts.length) {
    const route = choose(node.methods, search);
    if (route !== undefined) return route;
  } else {
    const part = parts[depth]!;
    const literal = node.literals?.get(part);
    if (literal !== undefined) {
      const found = descend(literal, search, depth + 1);
      if (found !== undefined) return found;
    }
    if (node.parameter !== undefined && part !== "") {
      values.push(part);
      const found = descend(node.parameter, search, depth + 1);
      if (found !== undefined) return found;
      values.pop();
    }
  }
  return depth < search.tailFrom ? undefined : choose(node.tail, search);
}

/** The route of the method; GET serves HEAD. Remembers the others. */
function choose<R>(methods: Map<string, R> | undefined, search: Search<R>): R | undefined {
  if (methods === undefined) return undefined;
  const route = methods.get(search.method) ?? (search.method === "HEAD" ? methods.get("GET") : undefined);
  if (route === undefined) search.others.push(methods);
  return route;
}

/** Segments of a path with their escapes resolved; an escaped slash stays inside its segment. */
export function unescapedParts(path: string): string[] {
  const parts = splitPath(path);
  return path.includes("%") ? parts.map(unescapePart) : parts;
}

/** Text of an escaped path or segment; as it is when the escapes are broken. */
export function unescapePart(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return text;
    throw error;
  }
}

/** Whether a route that was found takes whatever follows its pattern. */
export function hasTail(found: RouteFound<Routed> | MethodUnknown<Routed>): boolean {
  const routes = found.kind === "route" ? [found.route] : found.routes;
  return routes.some(({ pattern }) => pattern.segments.at(-1)?.kind === "tail");
}
