/**
 * Which value may stand where which type is asked for.
 *
 * `any` goes both ways. Fields and elements that can be written to must be the same type; readonly ones may be narrower.
 * Comparing recursive types ends by assuming what is being proved.
 */
import {
  expand,
  type FieldType,
  filter,
  type FunctionType,
  is,
  isSame,
  membersOf,
  packAt,
  PRIMITIVES,
  type TableType,
  type Type,
} from "./types.ts";

/** Why a type does not fit: the innermost reason that helps. */
export interface Mismatch {
  /** A required field that is missing. */
  readonly missing?: string;
  /** A field whose type is wrong. */
  readonly field?: string;
}

/** Deepest comparison; beyond it types are taken to fit, which only a generated type reaches. */
const DEPTH_MAX = 100;

/** Most comparisons for one answer, with the same consequence. */
const STEPS_MAX = 20_000;

/** Undefined when a value of type `from` may stand where `to` is asked for. */
export function mismatch(from: Type, to: Type): Mismatch | undefined {
  return new Relation().fit(from, to, 0);
}

/** Whether a value of type `from` may stand where `to` is asked for. */
export function fits(from: Type, to: Type): boolean {
  return mismatch(from, to) === undefined;
}

class Relation {
  /** Pairs being proved, and pairs that failed. */
  readonly #assumed: (readonly [Type, Type])[] = [];
  readonly #failed: (readonly [Type, Type, Mismatch])[] = [];
  #steps = 0;

  fit(from: Type, to: Type, depth: number): Mismatch | undefined {
    if (isSame(from, to) || depth > DEPTH_MAX || ++this.#steps > STEPS_MAX) return undefined;
    if (is(from, "any") || is(to, "any") || is(to, "unknown") || is(from, "never")) return undefined;
    if (from.kind === "named" || to.kind === "named") return this.#named(from, to, depth);
    if (from.kind === "union") return this.#all(from.members, (member) => this.fit(member, to, depth + 1));
    if (to.kind === "union") return this.#some(to.members, (member) => this.fit(from, member, depth + 1));
    if (to.kind === "intersection") {
      return this.#all(to.members, (member) => this.fit(from, member, depth + 1));
    }
    if (from.kind === "intersection") {
      const merged = to.kind === "table" ? mergeTables(from.members) : undefined;
      if (merged !== undefined) return this.fit(merged, to, depth + 1);
      return this.#some(from.members, (member) => this.fit(member, to, depth + 1));
    }
    if (from.kind === "generic") {
      const bound = from.bound();
      return bound === undefined ? {} : this.fit(bound, to, depth + 1);
    }
    if (from.kind === "table" && to.kind === "table") return this.#tables(from, to, depth);
    if (from.kind === "function" && to.kind === "function") return this.#functions(from, to, depth);
    return this.#simple(from, to) ? undefined : {};
  }

  #named(from: Type, to: Type, depth: number): Mismatch | undefined {
    if (from.kind === "named" && to.kind === "named" && from.definition === to.definition) {
      const areEqual = from.arguments.every((argument, i) => {
        const other = to.arguments[i]!;
        return this.fit(argument, other, depth + 1) === undefined &&
          this.fit(other, argument, depth + 1) === undefined;
      });
      if (areEqual) return undefined;
    }
    if (this.#assumed.some(([a, b]) => isSame(a, from) && isSame(b, to))) return undefined;
    const failed = this.#failed.find(([a, b]) => isSame(a, from) && isSame(b, to));
    if (failed !== undefined) return failed[2];
    this.#assumed.push([from, to]);
    const result = this.fit(expand(from), expand(to), depth + 1);
    if (result !== undefined) {
      this.#assumed.splice(this.#assumed.findIndex(([a, b]) => a === from && b === to), 1);
      this.#failed.push([from, to, result]);
    }
    return result;
  }

  #simple(from: Type, to: Type): boolean {
    if (to.kind === "primitive") {
      switch (to.name) {
        case "number":
          return is(from, "integer") || (from.kind === "literal" && typeof from.value === "number");
        case "integer":
          return from.kind === "literal" && Number.isInteger(from.value);
        case "string":
          return from.kind === "literal" && typeof from.value === "string";
        case "boolean":
          return from.kind === "literal" && typeof from.value === "boolean";
        case "table":
          return from.kind === "table";
        case "function":
          return from.kind === "function";
        case "userdata":
          return from.kind === "table";
        default:
          return false;
      }
    }
    if (is(from, "table")) return to.kind === "table";
    if (is(from, "userdata")) return to.kind === "table";
    return is(from, "function") && to.kind === "function";
  }

  #all(types: readonly Type[], test: (type: Type) => Mismatch | undefined): Mismatch | undefined {
    for (const type of types) {
      const result = test(type);
      if (result !== undefined) return result;
    }
    return undefined;
  }

  #some(types: readonly Type[], test: (type: Type) => Mismatch | undefined): Mismatch | undefined {
    let best: Mismatch = {};
    for (const type of types) {
      const result = test(type);
      if (result === undefined) return undefined;
      if (types.length === 2 && (result.missing ?? result.field) !== undefined) best = result;
    }
    return best;
  }

  #tables(from: TableType, to: TableType, depth: number): Mismatch | undefined {
    for (const [name, wanted] of to.fields) {
      const given = from.fields.get(name);
      if (given === undefined) {
        if (wanted.isOptional || from.isOpen) continue;
        if (
          from.key !== undefined && from.value !== undefined &&
          this.fit(PRIMITIVES.string, from.key, depth + 1) === undefined
        ) {
          continue;
        }
        if (fitsNil(wanted.type)) continue;
        return { missing: name };
      }
      if (given.isOptional && !wanted.isOptional && !fitsNil(wanted.type)) return { missing: name };
      if (!this.#field(given, wanted, to.isReadonly, depth)) return { field: name };
    }
    if (to.key === undefined || to.value === undefined) {
      return !to.isOpen && to.fields.size === 0 && from.isArray && from.fields.size > 0 ? {} : undefined;
    }
    const isWritable = !to.isReadonly;
    if (from.isReadonly && isWritable) return {};
    if (from.key !== undefined && from.value !== undefined) {
      if (to.isArray && !from.isArray && !is(from.key, "integer") && !is(from.key, "number")) return {};
      if (!to.isArray && this.fit(from.key, to.key, depth + 1) !== undefined) return {};
      const value = this.fit(from.value, to.value, depth + 1);
      if (value !== undefined) return value;
      if (isWritable && !from.isOpen && this.fit(to.value, from.value, depth + 1) !== undefined) return {};
      return undefined;
    }
    if (to.isArray) return from.isOpen && from.fields.size === 0 ? undefined : {};
    for (const [name, field] of from.fields) {
      if (this.fit({ kind: "literal", value: name }, to.key, depth + 1) !== undefined) return {};
      if (this.fit(field.type, to.value, depth + 1) !== undefined) return { field: name };
    }
    return undefined;
  }

  #field(given: FieldType, wanted: FieldType, isReadonly: boolean, depth: number): boolean {
    if (this.fit(given.type, wanted.type, depth + 1) !== undefined) return false;
    if (isReadonly || wanted.isReadonly) return true;
    // Whoever writes through `wanted` must not break `given`. Methods are not written to.
    if (expand(wanted.type).kind === "function") return true;
    return this.fit(wanted.type, given.type, depth + 1) === undefined ||
      (wanted.isOptional && fitsNil(wanted.type) &&
        this.fit(withoutNil(wanted.type), given.type, depth + 1) === undefined);
  }

  #functions(from: FunctionType, to: FunctionType, depth: number): Mismatch | undefined {
    for (const [i, param] of from.params.entries()) {
      const given = to.params[i]?.type ?? to.rest;
      if (given === undefined) {
        if (param.isOptional || fitsNil(param.type) || expand(param.type).kind === "generic") continue;
        return {};
      }
      if (expand(param.type).kind === "generic" || expand(given).kind === "generic") continue;
      if (this.fit(given, param.type, depth + 1) !== undefined) return {};
    }
    for (const [i, type] of to.returns.types.entries()) {
      const given = packAt(from.returns, i);
      if (expand(given).kind === "generic" || expand(type).kind === "generic") continue;
      if (this.fit(given, type, depth + 1) !== undefined) return {};
    }
    return undefined;
  }
}

/** Whether nil is among the values of a type. */
export function fitsNil(type: Type): boolean {
  return membersOf(type).some((member) => {
    const inner = expand(member);
    return is(inner, "nil") || is(inner, "any") || is(inner, "unknown");
  });
}

function withoutNil(type: Type): Type {
  return filter(type, (member) => !is(expand(member), "nil"));
}

/** One table with the fields of all; undefined when some member is no table. */
export function mergeTables(members: readonly Type[]): TableType | undefined {
  const fields = new Map<string, FieldType>();
  let merged: TableType | undefined;
  for (const member of members) {
    const inner = expand(member);
    const table = inner.kind === "intersection" ? mergeTables(inner.members) : inner;
    if (table?.kind !== "table") return undefined;
    for (const [name, field] of table.fields) {
      const known = fields.get(name);
      if (known === undefined) fields.set(name, field);
      else {
        fields.set(name, {
          type: isSame(known.type, field.type)
            ? field.type
            : { kind: "intersection", members: [known.type, field.type] },
          isOptional: known.isOptional && field.isOptional,
          isReadonly: known.isReadonly && field.isReadonly,
        });
      }
    }
    merged = {
      ...table,
      fields,
      key: table.key ?? merged?.key,
      value: table.value ?? merged?.value,
      isOpen: table.isOpen || (merged?.isOpen ?? false),
    };
  }
  return merged;
}
