/**
 * What is known at one point of a program beyond the declarations.
 *
 * A reference is a variable with field names behind it, spelled as a key: `3`, `3.status`, `g:config`. Facts about a
 * reference end when it, or what it begins with, is assigned.
 */
import type { Variable } from "./resolution.ts";
import type { Type } from "./types.ts";

/** Values and an error that came from one call: one side is nil exactly when the other is not. */
export interface Pairing {
  readonly values: readonly string[];
  readonly error: string;
}

/** Facts at a point; copied before it is changed. */
export class Flow {
  readonly types: Map<string, Type>;
  /** Pairings by each of their keys. */
  readonly pairings: Map<string, Pairing>;

  constructor(types: Iterable<[string, Type]> = [], pairings: Iterable<[string, Pairing]> = []) {
    this.types = new Map(types);
    this.pairings = new Map(pairings);
  }

  /** An independent copy. */
  copy(): Flow {
    return new Flow(this.types, this.pairings);
  }

  /** Forgets all about a reference and what begins with it. */
  forget(key: string): void {
    for (const known of this.types.keys()) {
      if (known === key || known.startsWith(`${key}.`)) this.types.delete(known);
    }
    const pairing = this.pairings.get(key);
    if (pairing === undefined) return;
    for (const member of [...pairing.values, pairing.error]) this.pairings.delete(member);
  }

  /** Remembers that `values` and `error` exclude each other. */
  pair(values: readonly string[], error: string): void {
    const pairing = { values, error };
    for (const key of [...values, error]) this.pairings.set(key, pairing);
  }

  /** Keeps the facts about references for which `keep` holds. */
  keepOnly(keep: (root: string, isField: boolean) => boolean): void {
    for (const key of this.types.keys()) {
      const dot = key.indexOf(".");
      if (!keep(dot < 0 ? key : key.slice(0, dot), dot >= 0)) this.types.delete(key);
    }
    for (const [key, pairing] of this.pairings) {
      if (![...pairing.values, pairing.error].every((member) => keep(member, false))) {
        this.pairings.delete(key);
      }
    }
  }
}

/** What holds after either of two points; undefined is a point that is never reached. */
export function join(
  a: Flow | undefined,
  b: Flow | undefined,
  either: (a: Type, b: Type) => Type,
): Flow | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const joined = new Flow();
  for (const [key, type] of a.types) {
    const other = b.types.get(key);
    if (other !== undefined) joined.types.set(key, type === other ? type : either(type, other));
  }
  for (const [key, pairing] of a.pairings) {
    if (b.pairings.get(key) === pairing) joined.pairings.set(key, pairing);
  }
  return joined;
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
