/**
 * What is known at one point of a program beyond the declarations.
 *
 * A reference is a variable with field names behind it, spelled as a key: `3`, `3.status`, `g:config`. Facts about a
 * reference end when it, or what it begins with, is assigned.
 *
 * F1. Flows never change: every change gives a new one, a small layer over the old. Layers of like size are merged, so a chain of n
 *     changes is about log n layers deep, and what two branches have in common is not looked at when they join.
 */
import type { Variable } from "./resolution.ts";
import type { Type } from "./types.ts";

/** Values and an error that came from one call: one side is nil exactly when the other is not. */
export interface Pairing {
  readonly values: readonly string[];
  readonly error: string;
}

/** One layer over others; an undefined fact is one that ended. What is empty is absent, since most layers hold one fact. */
interface Layer {
  readonly types?: ReadonlyMap<string, Type | undefined>;
  /** The only fact about a type. */
  readonly key?: string;
  readonly type?: Type;
  /** Pairings by each of their keys. */
  readonly pairings?: ReadonlyMap<string, Pairing | undefined>;
  /** References of which nothing below this layer holds any more, nor of what begins with them. */
  readonly ended?: ReadonlySet<string>;
  /** Nothing below this layer holds of any field. */
  readonly endsFields?: boolean;
  /** Variables of which nothing below this layer is seen. */
  readonly hidden?: ReadonlySet<string>;
}

/** Layers upon each other. */
interface Stack {
  readonly base: Stack | undefined;
  readonly layer: Layer;
  /** Layers below. */
  readonly depth: number;
  /** How much the layer says. */
  readonly weight: number;
}

/** Facts at a point. */
export class Flow {
  /** A point of which nothing is known. */
  static readonly EMPTY = new Flow(stackOf(undefined, {}));

  readonly #top: Stack;

  private constructor(top: Stack) {
    this.#top = top;
  }

  /** What is known of a reference. */
  type(key: string): Type | undefined {
    let root: string | undefined;
    for (let at: Stack | undefined = this.#top; at !== undefined; at = at.base) {
      const { layer } = at;
      if (layer.key === key) return layer.type;
      if (layer.types !== undefined) {
        const found = layer.types.get(key);
        if (found !== undefined || layer.types.has(key)) return found;
      }
      if (layer.hidden?.has(root ??= rootOf(key)) || isEnded(layer, key)) return undefined;
    }
    return undefined;
  }

  /** The pairing that a reference belongs to, as long as all of its members do. */
  pairing(key: string): Pairing | undefined {
    const found = this.#pairing(key);
    if (found === undefined) return undefined;
    const isWhole = [...found.values, found.error].every((member) => this.#pairing(member) === found);
    return isWhole ? found : undefined;
  }

  #pairing(key: string): Pairing | undefined {
    for (let at: Stack | undefined = this.#top; at !== undefined; at = at.base) {
      const { pairings, hidden } = at.layer;
      if (pairings?.has(key)) return pairings.get(key);
      if (hidden?.has(rootOf(key)) || isEnded(at.layer, key)) return undefined;
    }
    return undefined;
  }

  /** Everything that is known. */
  types(): Map<string, Type> {
    const layers: Layer[] = [];
    for (let at: Stack | undefined = this.#top; at !== undefined; at = at.base) layers.push(at.layer);
    const all = new Map<string, Type>();
    for (const layer of layers.reverse()) {
      for (const key of keysIn(layer)) {
        const type = this.type(key);
        if (type !== undefined) all.set(key, type);
      }
    }
    return all;
  }

  /** With a fact about a reference. */
  with(key: string, type: Type): Flow {
    return this.#over({ key, type });
  }

  /** Without all about a reference and what begins with it. */
  without(key: string): Flow {
    const pairing = this.#pairing(key);
    const ended = new Set([key]);
    if (pairing === undefined) return this.#over({ ended });
    const members = [...pairing.values, pairing.error];
    return this.#over({ ended, pairings: new Map(members.map((member) => [member, undefined] as const)) });
  }

  /** Without all about some variables, and about any field when `andFields`. */
  withoutAll(roots: Iterable<string>, andFields: boolean): Flow {
    const ended = new Set(roots);
    return ended.size === 0 && !andFields ? this : this.#over({ ended, endsFields: andFields });
  }

  /** As a function sees it that runs later: nothing is known of the variables in `roots`. */
  hiding(roots: ReadonlySet<string>): Flow {
    return this.#over({ hidden: roots });
  }

  /** With the knowledge that `values` and `error` exclude each other. */
  pair(values: readonly string[], error: string): Flow {
    const pairing = { values, error };
    return this.#over({ pairings: new Map([...values, error].map((key) => [key, pairing] as const)) });
  }

  #over(layer: Layer): Flow {
    return new Flow(compacted(stackOf(this.#top, layer)));
  }

  /** What holds after either of two points; undefined is a point that is never reached. */
  static join(
    a: Flow | undefined,
    b: Flow | undefined,
    either: (a: Type, b: Type) => Type,
  ): Flow | undefined {
    if (a === undefined || b === undefined) return a ?? b;
    const { base, changes } = apart(a.#top, b.#top);
    if (changes.length === 0) return a;
    const types = new Map<string, Type | undefined>();
    const pairings = new Map<string, Pairing | undefined>();
    const ended = new Set<string>();
    const hidden = new Set<string>();
    for (const layer of changes) {
      for (const key of keysIn(layer)) {
        if (types.has(key)) continue;
        const [one, other] = [a.type(key), b.type(key)];
        const isKnown = one !== undefined && other !== undefined;
        types.set(key, !isKnown ? undefined : one === other ? one : either(one, other));
      }
      for (const key of layer.pairings?.keys() ?? []) {
        const one = a.#pairing(key);
        pairings.set(key, one === b.#pairing(key) ? one : undefined);
      }
      for (const key of layer.ended ?? []) ended.add(key);
      for (const root of layer.hidden ?? []) hidden.add(root);
    }
    const endsFields = changes.some((layer) => layer.endsFields === true);
    return new Flow(compacted(stackOf(base, layerOf(types, pairings, ended, endsFields, hidden))));
  }
}

function stackOf(base: Stack | undefined, layer: Layer): Stack {
  const { types, pairings, ended, key } = layer;
  const depth = base === undefined ? 0 : base.depth + 1;
  const facts = (types?.size ?? 0) + (key === undefined ? 0 : 1);
  return { base, layer, depth, weight: facts + (pairings?.size ?? 0) + (ended?.size ?? 0) };
}

/** A layer without what is empty. */
function layerOf(
  types: ReadonlyMap<string, Type | undefined>,
  pairings: ReadonlyMap<string, Pairing | undefined>,
  ended: ReadonlySet<string>,
  endsFields: boolean,
  hidden: ReadonlySet<string>,
): Layer {
  return {
    types: types.size === 0 ? undefined : types,
    pairings: pairings.size === 0 ? undefined : pairings,
    ended: ended.size === 0 ? undefined : ended,
    endsFields,
    hidden: hidden.size === 0 ? undefined : hidden,
  };
}

/** Layers that are kept as they are: looking through a few costs less than merging them. */
const DEPTH_FREE = 10;

const NONE: readonly string[] = [];
const NOTHING: ReadonlySet<string> = new Set();

/** The references that a layer has a fact about. */
function keysIn({ key, types }: Layer): Iterable<string> {
  return types?.keys() ?? (key === undefined ? NONE : [key]);
}

/** The layers in which two stacks differ, and what is below them. */
function apart(a: Stack, b: Stack): { base: Stack | undefined; changes: Layer[] } {
  const changes: Layer[] = [];
  let [x, y]: [Stack | undefined, Stack | undefined] = [a, b];
  while (x !== y) {
    const isFirst: boolean = (x?.depth ?? -1) >= (y?.depth ?? -1);
    changes.push((isFirst ? x : y)!.layer);
    if (isFirst) x = x!.base;
    else y = y!.base;
  }
  return { base: x, changes };
}

/** The same with its upper layers merged as long as the one below is no heavier. */
function compacted(stack: Stack): Stack {
  let top = stack;
  for (;;) {
    const below = top.base;
    if (below === undefined || top.depth <= DEPTH_FREE || below.weight > top.weight) return top;
    if (top.layer.hidden !== undefined || below.layer.hidden !== undefined) return top;
    const layer = merged(below.layer, top.layer);
    top = stackOf(below.base, below.base === undefined ? lowest(layer) : layer);
  }
}

function merged(below: Layer, above: Layer): Layer {
  const hasEnds = above.ended !== undefined || above.endsFields === true;
  const types = new Map<string, Type | undefined>();
  for (const layer of [below, above]) {
    for (const key of keysIn(layer)) {
      if (hasEnds && layer === below && isEnded(above, key)) continue;
      types.set(key, layer.types === undefined ? layer.type : layer.types.get(key));
    }
  }
  const ended = below.ended === undefined || above.ended === undefined
    ? below.ended ?? above.ended ?? NOTHING
    : below.ended.union(above.ended);
  const endsFields = below.endsFields === true || above.endsFields === true;
  return layerOf(types, mergedPairings(below, above, hasEnds), ended, endsFields, NOTHING);
}

function mergedPairings(
  below: Layer,
  above: Layer,
  hasEnds: boolean,
): ReadonlyMap<string, Pairing | undefined> {
  const pairings = new Map<string, Pairing | undefined>();
  for (const [key, pairing] of below.pairings ?? []) {
    if (!hasEnds || !isEnded(above, key)) pairings.set(key, pairing);
  }
  for (const [key, pairing] of above.pairings ?? []) pairings.set(key, pairing);
  return pairings;
}

/** A layer with nothing below that could end. */
function lowest({ types, pairings }: Layer): Layer {
  const kept = new Map<string, Type | undefined>();
  for (const [key, type] of types ?? []) if (type !== undefined) kept.set(key, type);
  const pairs = new Map<string, Pairing | undefined>();
  for (const [key, pairing] of pairings ?? []) if (pairing !== undefined) pairs.set(key, pairing);
  return layerOf(kept, pairs, NOTHING, false, NOTHING);
}

/** Whether a layer ends what was known of a reference. */
function isEnded({ ended, endsFields }: Layer, key: string): boolean {
  if (endsFields === true && key.includes(".")) return true;
  if (ended === undefined) return false;
  if (ended.has(key)) return true;
  for (let dot = key.indexOf("."); dot >= 0; dot = key.indexOf(".", dot + 1)) {
    if (ended.has(key.slice(0, dot))) return true;
  }
  return false;
}

function rootOf(key: string): string {
  const dot = key.indexOf(".");
  return dot < 0 ? key : key.slice(0, dot);
}

/** Numbers the variables of a source. */
export class Keys {
  readonly #keys = new Map<Variable, string>();
  readonly #variables = new Map<string, Variable>();

  /** The key of a variable. */
  of(variable: Variable): string {
    let key = this.#keys.get(variable);
    if (key === undefined) {
      this.#keys.set(variable, key = String(this.#keys.size));
      this.#variables.set(key, variable);
    }
    return key;
  }

  /** The variable of a key that is no field's. */
  variable(key: string): Variable | undefined {
    return this.#variables.get(key);
  }
}
