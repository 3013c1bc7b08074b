/**
 * Type arguments of a call, found from its arguments.
 */
import {
  expand,
  type FunctionType,
  type GenericType,
  is,
  membersOf,
  PRIMITIVES,
  substitute,
  substitutePack,
  type Type,
  unionOf,
  widen,
} from "./types.ts";
import { fits } from "./relate.ts";

/** Deepest structure that is compared. */
const DEPTH_MAX = 20;

/**
 * The function with its type parameters replaced by what the arguments tell. `argument` gives the type of each of `count` arguments,
 * undefined when it is not known yet; parameters nobody tells about take what `expected` tells, else they are `any`.
 * An argument that breaks its parameter's bound makes the bound the parameter's type, so that checking the argument fails.
 */
export function instantiateCall(
  callee: FunctionType,
  argument: (index: number) => Type | undefined,
  count: number,
  expected: Type | undefined,
): FunctionType {
  if (callee.generics.length === 0) return callee;
  const found = new Map<GenericType, Type>();
  const known = new Set(callee.generics);
  for (const [i, param] of callee.params.entries()) {
    const given = argument(i);
    if (given !== undefined) unify(param.type, given, known, found, 0);
  }
  for (let i = callee.params.length; callee.rest !== undefined && i < count; i++) {
    const given = argument(i);
    if (given !== undefined) unify(callee.rest, given, known, found, 0);
  }
  const [first] = callee.returns.types;
  if (expected !== undefined && first !== undefined) {
    const told = new Map<GenericType, Type>();
    unify(first, expected, known, told, 0);
    // What is asked for is taken when the arguments allow it: a box of integers is no box of numbers afterwards.
    for (const [generic, type] of told) {
      const given = found.get(generic);
      if (given === undefined || (!is(expand(type), "any") && fits(widen(given), type))) {
        found.set(generic, type);
      }
    }
  }
  const values = new Map<GenericType, Type>();
  for (const generic of callee.generics) {
    const bound = generic.bound();
    const type = widen(found.get(generic) ?? PRIMITIVES.any);
    values.set(generic, bound === undefined || fits(type, bound) ? type : bound);
  }
  return {
    ...callee,
    generics: [],
    params: callee.params.map((param) => ({ ...param, type: substitute(param.type, values) })),
    rest: callee.rest && substitute(callee.rest, values),
    returns: substitutePack(callee.returns, values),
  };
}

function unify(
  param: Type,
  given: Type,
  known: ReadonlySet<GenericType>,
  found: Map<GenericType, Type>,
  depth: number,
): void {
  if (depth > DEPTH_MAX) return;
  const into = (a: Type | undefined, b: Type | undefined) => {
    if (a !== undefined && b !== undefined) unify(a, b, known, found, depth + 1);
  };
  if (param.kind === "generic") {
    if (!known.has(param)) return;
    const before = found.get(param);
    found.set(param, before === undefined ? given : fits(given, before) ? before : unionOf([before, given]));
    return;
  }
  if (param.kind === "named" && given.kind === "named" && param.definition === given.definition) {
    for (const [i, argument] of param.arguments.entries()) into(argument, given.arguments[i]);
    return;
  }
  const a = expand(param);
  const b = expand(given);
  if (a.kind === "union") {
    // `T?` learns from what is left when nil is gone.
    const generics = a.members.filter((member) => member.kind === "generic");
    const others = a.members.filter((member) => member.kind !== "generic");
    const rest = membersOf(given).filter((member) =>
      !others.some((other) => is(expand(other), "nil") ? is(expand(member), "nil") : false)
    );
    if (generics.length === 1 && rest.length > 0) into(generics[0], unionOf(rest));
    for (const other of others) {
      if (other.kind !== "primitive") { for (const member of rest) into(other, member); }
    }
    return;
  }
  if (a.kind === "table" && b.kind === "table") {
    for (const [name, field] of a.fields) into(field.type, b.fields.get(name)?.type);
    if (a.key === undefined || a.value === undefined) return;
    if (b.key !== undefined) {
      if (!a.isArray) into(a.key, b.key);
      into(a.value, b.value);
    } else if (!a.isArray && b.fields.size > 0 && !b.isOpen) {
      into(a.key, PRIMITIVES.string);
      into(a.value, unionOf([...b.fields.values()].map((field) => field.type)));
    }
    return;
  }
  if (a.kind === "function" && b.kind === "function") {
    for (const [i, item] of a.params.entries()) into(item.type, b.params[i]?.type);
    for (const [i, item] of a.returns.types.entries()) into(item, b.returns.types[i]);
  }
}
