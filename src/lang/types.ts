/**
 * What the checker knows a value to be.
 *
 * Y1. Types are immutable; recursive ones go through `named`, whose target is made on first use.
 * Y2. A union holds no unions but named ones, no `never`, no member twice; `any` swallows all, then `unknown`. Names in it are not looked
 *     into when it is made: what they name may be under construction.
 */

/** A type that is its name. */
export interface PrimitiveType {
  readonly kind: "primitive";
  readonly name:
    | "nil"
    | "boolean"
    | "number"
    | "integer"
    | "string"
    | "any"
    | "unknown"
    | "never"
    | "table"
    | "function"
    | "thread"
    | "userdata";
}

/** One string, number or boolean. */
export interface LiteralValueType {
  readonly kind: "literal";
  readonly value: string | number | boolean;
}

/** One of several. */
export interface UnionType {
  readonly kind: "union";
  readonly members: readonly Type[];
}

/** All of several. */
export interface IntersectionType {
  readonly kind: "intersection";
  readonly members: readonly Type[];
}

/** A field of a table. */
export interface FieldType {
  readonly type: Type;
  readonly isOptional: boolean;
  readonly isReadonly: boolean;
}

/** A table: named fields, and what its other keys hold. */
export interface TableType {
  readonly kind: "table";
  readonly fields: ReadonlyMap<string, FieldType>;
  readonly key: Type | undefined;
  readonly value: Type | undefined;
  /** Its elements count from 1: an array. */
  readonly isArray: boolean;
  /** Written without a type: code may add fields, unknown ones are `any`. */
  readonly isOpen: boolean;
  /** `readonly {…}`. */
  readonly isReadonly: boolean;
}

/** Where something was declared, in which source. */
export interface Declared {
  /** The resolution of that source. */
  readonly origin: object;
  readonly start: number;
  readonly end: number;
}

/** A parameter of a function. */
export interface ParamType {
  readonly name: string;
  readonly type: Type;
  readonly isOptional: boolean;
  readonly declared?: Declared;
}

/** Values in a row: results, arguments. */
export interface Pack {
  readonly types: readonly Type[];
  /** Type of everything after; undefined when there is nothing. */
  readonly rest: Type | undefined;
}

/** A function. */
export interface FunctionType {
  readonly kind: "function";
  readonly generics: readonly GenericType[];
  readonly params: readonly ParamType[];
  readonly rest: Type | undefined;
  readonly returns: Pack;
  readonly declared?: Declared;
  /** Full name of a library's function: `funcs.call`, `funcs.Executor.call`. */
  readonly path?: string;
}

/** A type parameter; each declaration is one object. */
export interface GenericType {
  readonly kind: "generic";
  readonly name: string;
  readonly bound: () => Type | undefined;
}

/** A declared type by name. */
export interface NamedType {
  readonly kind: "named";
  readonly name: string;
  /** Told apart by identity of the declaration. */
  readonly definition: TypeDefinition;
  readonly arguments: readonly Type[];
  readonly resolve: () => Type;
}

/** A type as a value: callable, with `:is` and reflection. */
export interface TypeValueType {
  readonly kind: "type";
  readonly definition: TypeDefinition;
}

/** Any type. */
export type Type =
  | PrimitiveType
  | LiteralValueType
  | UnionType
  | IntersectionType
  | TableType
  | FunctionType
  | GenericType
  | NamedType
  | TypeValueType;

/** A declared type, generic or not. */
export interface TypeDefinition {
  readonly name: string;
  readonly generics: readonly GenericType[];
  /** The body, over `generics`. */
  readonly body: () => Type;
  readonly declared?: Declared;
}

function primitive(name: PrimitiveType["name"]): PrimitiveType {
  return { kind: "primitive", name };
}

/** The types that are their names. */
export const PRIMITIVES: Readonly<Record<PrimitiveType["name"], PrimitiveType>> = {
  nil: primitive("nil"),
  boolean: primitive("boolean"),
  number: primitive("number"),
  integer: primitive("integer"),
  string: primitive("string"),
  any: primitive("any"),
  unknown: primitive("unknown"),
  never: primitive("never"),
  table: primitive("table"),
  function: primitive("function"),
  thread: primitive("thread"),
  userdata: primitive("userdata"),
};

const { any: ANY, nil: NIL, never: NEVER } = PRIMITIVES;

/**
 * The nil of a library's optional types. Code that uses such a value without looking at it has decided so, as untyped Lua always
 * does; only where the source itself asks for a type without nil is it a mistake.
 */
export const LIBRARY_NIL: PrimitiveType = primitive("nil");

/** A table without anything known about it. */
export const EMPTY_TABLE: TableType = {
  kind: "table",
  fields: new Map(),
  key: undefined,
  value: undefined,
  isArray: false,
  isOpen: true,
  isReadonly: false,
};

/** Whatever a gradual program may hold. */
export const ANY_PACK: Pack = { types: [], rest: ANY };

/** The type behind names. */
export function expand(type: Type): Type {
  let current = type;
  // A name that stands for itself alone means nothing.
  for (let i = 0; current.kind === "named"; i++) {
    if (i > 64) return ANY;
    current = current.resolve();
  }
  return current;
}

/** Whether a type is this primitive. */
export function is(type: Type, name: PrimitiveType["name"]): boolean {
  return type.kind === "primitive" && type.name === name;
}

/** Either of the types. */
export function unionOf(types: readonly Type[]): Type {
  const members: Type[] = [];
  const literals = new Set<string | number | boolean>();
  const add = (type: Type): boolean => {
    if (is(type, "any")) return true;
    if (type.kind === "union") return type.members.some(add);
    if (is(type, "never")) return false;
    if (type.kind === "literal") {
      if (!literals.has(type.value)) members.push(type);
      literals.add(type.value);
      return false;
    }
    const known = members.findIndex((member) => member.kind !== "literal" && isSame(member, type));
    if (known < 0) members.push(type);
    else if (type === NIL) members[known] = type;
    return false;
  };
  if (types.some(add)) return ANY;
  if (members.some((member) => is(member, "unknown"))) return PRIMITIVES.unknown;
  const hasTrue = members.some((m) => m.kind === "literal" && m.value === true);
  const hasFalse = members.some((m) => m.kind === "literal" && m.value === false);
  const merged = hasTrue && hasFalse
    ? [
      ...members.filter((m) => !(m.kind === "literal" && typeof m.value === "boolean") && !is(m, "boolean")),
      PRIMITIVES.boolean,
    ]
    : members;
  if (merged.length === 0) return NEVER;
  return merged.length === 1 ? merged[0]! : { kind: "union", members: merged };
}

/** `T?`. */
export function optional(type: Type, nil: Type = NIL): Type {
  return unionOf([type, nil]);
}

/**
 * A value as it is given to a library: its nil is as welcome as untyped code takes it to be, and a number may be whole where a
 * whole one is asked for.
 */
export function asGivenToLibrary(type: Type): Type {
  const members = membersOf(type);
  if (!members.some((member) => member === LIBRARY_NIL || is(member, "number"))) return type;
  return unionOf(
    members.filter((member) => member !== LIBRARY_NIL).map((member) =>
      is(member, "number") ? PRIMITIVES.integer : member
    ),
  );
}

/** The members of a union, those of named unions in it included; else the type alone. `boolean` stays whole. */
export function membersOf(type: Type): readonly Type[] {
  const inner = expand(type);
  if (inner.kind !== "union") return [type];
  if (!inner.members.some((member) => member.kind === "named" && expand(member).kind === "union")) {
    return inner.members;
  }
  const flat: Type[] = [];
  const seen = new Set<Type>([inner]);
  const add = (member: Type): void => {
    const target = member.kind === "named" ? expand(member) : member;
    if (target.kind !== "union") flat.push(member);
    else if (!seen.has(target)) {
      seen.add(target);
      target.members.forEach(add);
    }
  };
  inner.members.forEach(add);
  return flat;
}

/** The members for which `keep` holds. */
export function filter(type: Type, keep: (member: Type) => boolean): Type {
  const members = membersOf(type);
  const kept = members.filter(keep);
  return kept.length === members.length ? type : unionOf(kept);
}

/** Whether the same type is meant, without comparing structures. */
export function isSame(a: Type, b: Type): boolean {
  if (a === b) return true;
  if (a.kind === "primitive" && b.kind === "primitive") return a.name === b.name;
  if (a.kind === "literal" && b.kind === "literal") return a.value === b.value;
  if (a.kind === "type" && b.kind === "type") return a.definition === b.definition;
  if (a.kind !== "named" || b.kind !== "named" || a.definition !== b.definition) return false;
  return a.arguments.every((argument, i) => isSame(argument, b.arguments[i]!));
}

/** A table type with some of its facts. */
export function tableOf(facts: Partial<TableType>): TableType {
  return { ...EMPTY_TABLE, isOpen: false, ...facts, kind: "table" };
}

/** `{T}`. */
export function arrayOf(element: Type): TableType {
  return tableOf({ key: PRIMITIVES.integer, value: element, isArray: true });
}

/** An instance of a declared type. */
export function instantiate(definition: TypeDefinition, given: readonly Type[]): NamedType {
  const values = new Map(definition.generics.map((generic, i) => [generic, given[i] ?? ANY] as const));
  let target: Type | undefined;
  return {
    kind: "named",
    name: definition.name,
    definition,
    arguments: definition.generics.map((generic) => values.get(generic)!),
    resolve: () => target ??= values.size === 0 ? definition.body() : substitute(definition.body(), values),
  };
}

/** The type with its parameters replaced; the same object when it has none of them. */
export function substitute(type: Type, values: ReadonlyMap<GenericType, Type>): Type {
  if (values.size === 0) return type;
  const go = (inner: Type): Type => substitute(inner, values);
  switch (type.kind) {
    case "generic":
      return values.get(type) ?? type;
    case "union":
    case "intersection": {
      const members = mapSame(type.members, go);
      if (members === type.members) return type;
      return type.kind === "union" ? unionOf(members) : { kind: "intersection", members };
    }
    case "table": {
      let isSameTable = true;
      const replace = <T extends Type | undefined>(inner: T): T => {
        const next = inner && go(inner);
        if (next !== inner) isSameTable = false;
        return next as T;
      };
      const fields = new Map<string, FieldType>();
      for (const [name, field] of type.fields) fields.set(name, { ...field, type: replace(field.type) });
      const key = replace(type.key);
      const value = replace(type.value);
      return isSameTable ? type : { ...type, fields, key, value };
    }
    case "function":
      return {
        ...type,
        params: type.params.map((param) => ({ ...param, type: go(param.type) })),
        rest: type.rest && go(type.rest),
        returns: substitutePack(type.returns, values),
      };
    case "named": {
      const given = mapSame(type.arguments, go);
      return given === type.arguments ? type : instantiate(type.definition, given);
    }
    case "primitive":
    case "literal":
    case "type":
      return type;
  }
}

/** `map`, but the same list when nothing changes. */
function mapSame<T>(list: readonly T[], change: (item: T) => T): readonly T[] {
  const next = list.map(change);
  return next.every((item, i) => item === list[i]) ? list : next;
}

/** The pack with its parameters replaced. */
export function substitutePack(pack: Pack, values: ReadonlyMap<GenericType, Type>): Pack {
  return {
    types: pack.types.map((type) => substitute(type, values)),
    rest: pack.rest && substitute(pack.rest, values),
  };
}

/** The type at a place of a pack; nil past its end. */
export function packAt(pack: Pack, index: number): Type {
  return pack.types[index] ?? pack.rest ?? NIL;
}

/** `"x"` to string, `1` to number: what a variable without a type may hold. */
export function widen(type: Type): Type {
  if (type.kind === "union") return unionOf(type.members.map(widen));
  if (type.kind !== "literal") return type;
  if (typeof type.value === "number") {
    return Number.isInteger(type.value) ? PRIMITIVES.integer : PRIMITIVES.number;
  }
  return typeof type.value === "string" ? PRIMITIVES.string : PRIMITIVES.boolean;
}
