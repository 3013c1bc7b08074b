/**
 * What a condition tells about the references in it.
 *
 * N1. A condition that can't hold gives no flow: the code behind it is never reached.
 * N2. `any` stays `any`, unless a test says exactly what the value is.
 */
import { Flow } from "./flow.ts";
import { fits, mergeTables } from "./relate.ts";
import type * as S from "./syntax.ts";
import {
  expand,
  filter,
  instantiate,
  is,
  membersOf,
  PRIMITIVES,
  type Type,
  type TypeDefinition,
  unionOf,
} from "./types.ts";

/** What narrowing needs of the checker. */
export interface NarrowHost {
  /** The key of a reference; undefined for other expressions. */
  keyOf(expression: S.Expression): string | undefined;
  /** The type of an expression in a flow, reporting nothing. */
  typeIn(expression: S.Expression, flow: Flow): Type;
  /** The declared type behind an expression that names a type. */
  definitionOf(expression: S.Expression): TypeDefinition | undefined;
  /** The declared type of the reference behind a key, when it is a variable. */
  declaredAt(key: string, flow: Flow): Type;
}

/** Deepest chain of `and` and `or` that is looked into. */
const DEPTH_MAX = 200;

/** The flow in which `condition` turned out true or false; undefined when it can't. */
export function narrow(
  host: NarrowHost,
  flow: Flow | undefined,
  condition: S.Expression,
  truth: boolean,
  depth = 0,
): Flow | undefined {
  if (flow === undefined || depth > DEPTH_MAX) return flow;
  const into = (from: Flow | undefined, part: S.Expression, to: boolean) =>
    narrow(host, from, part, to, depth + 1);
  switch (condition.kind) {
    case "paren":
    case "cast":
      return into(flow, condition.inner, truth);
    case "unary":
      return condition.operator === "not" ? into(flow, condition.operand, !truth) : flow;
    case "true":
      return truth ? flow : undefined;
    case "false":
    case "nil":
      return truth ? undefined : flow;
    case "binary": {
      const { operator, left, right } = condition;
      if (operator === "and" || operator === "or") {
        const isBoth = (operator === "and") === truth;
        const first = into(flow, left, truth);
        if (isBoth) return into(first, right, truth);
        return Flow.join(first, into(into(flow, left, !truth), right, truth), (a, b) => unionOf([a, b]));
      }
      if (operator === "==") return compare(host, flow, left, right, truth);
      if (operator === "~=") return compare(host, flow, left, right, !truth);
      return flow;
    }
    case "name":
    case "member":
    case "index":
      return truthiness(host, flow, condition, truth);
    case "method": {
      const definition = condition.name.name === "is" ? host.definitionOf(condition.object) : undefined;
      const [value] = condition.arguments;
      if (definition === undefined || value === undefined) return flow;
      const target = instantiate(definition, []);
      return refine(
        host,
        flow,
        value,
        (type) =>
          truth ? select(type, target) : filter(type, (member) => is(member, "any") || !fits(member, target)),
      );
    }
    default:
      return flow;
  }
}

/** The part of `type` that is `target`; the target itself when the type says less. */
function select(type: Type, target: Type): Type {
  const inner = expand(type);
  if (is(inner, "any") || is(inner, "unknown") || is(inner, "table")) return target;
  const kept = membersOf(type).filter((member) => fits(member, target));
  return kept.length > 0 ? unionOf(kept) : target;
}

function truthiness(host: NarrowHost, flow: Flow, condition: S.Expression, truth: boolean): Flow | undefined {
  const narrowed = refine(host, flow, condition, truth ? truthy : falsy);
  if (narrowed === undefined || condition.kind !== "member") return narrowed;
  return refine(host, narrowed, condition.object, (type) =>
    filter(type, (member) => {
      const field = fieldOf(member, condition.name.name);
      return field === undefined || !is((truth ? truthy : falsy)(field), "never");
    }));
}

/** `a == b`, or its opposite. */
function compare(
  host: NarrowHost,
  flow: Flow,
  left: S.Expression,
  right: S.Expression,
  isEqual: boolean,
): Flow | undefined {
  for (const [a, b] of [[left, right], [right, left]] as const) {
    const guarded = guardOf(a);
    if (guarded !== undefined && b.kind === "string") {
      return refine(host, flow, guarded, (type) => ofLuaType(type, b.value, isEqual));
    }
    const literal = literalOf(b);
    if (literal === undefined || host.keyOf(a) === undefined) continue;
    const narrowed = refine(
      host,
      flow,
      a,
      (type) => isEqual ? equalTo(type, literal) : unequalTo(type, literal),
    );
    if (narrowed === undefined || a.kind !== "member") return narrowed;
    return refine(host, narrowed, a.object, (type) =>
      filter(type, (member) => {
        const field = fieldOf(member, a.name.name);
        if (field === undefined) return true;
        return !is(isEqual ? equalTo(field, literal) : unequalTo(field, literal), "never");
      }));
  }
  return flow;
}

/** The `x` in `type(x)`. */
function guardOf(expression: S.Expression): S.Expression | undefined {
  if (expression.kind !== "call" || expression.callee.kind !== "name" || expression.callee.name !== "type") {
    return undefined;
  }
  return expression.arguments[0];
}

function literalOf(expression: S.Expression): Type | undefined {
  switch (expression.kind) {
    case "nil":
      return PRIMITIVES.nil;
    case "true":
    case "false":
      return { kind: "literal", value: expression.kind === "true" };
    case "string":
    case "number":
      return { kind: "literal", value: expression.value };
    case "paren":
      return literalOf(expression.inner);
    default:
      return undefined;
  }
}

/** Type of a field of one member of a union; undefined when it may be anything. */
function fieldOf(member: Type, name: string): Type | undefined {
  const inner = expand(member);
  const table = inner.kind === "intersection" ? mergeTables(inner.members) : inner;
  if (table?.kind !== "table" || table.isOpen) return undefined;
  return table.fields.get(name)?.type ?? (table.key === undefined ? PRIMITIVES.nil : undefined);
}

/** Narrows one reference and, through pairings, those that hang on it. */
function refine(
  host: NarrowHost,
  flow: Flow,
  reference: S.Expression,
  change: (type: Type) => Type,
): Flow | undefined {
  let target = reference;
  while (target.kind === "paren" || target.kind === "non-nil" || target.kind === "cast") {
    target = target.inner;
  }
  const key = host.keyOf(target);
  if (key === undefined) return flow;
  const before = host.typeIn(target, flow);
  const after = change(before);
  if (is(expand(after), "never") && !is(expand(before), "never")) return undefined;
  let next = flow.with(key, after);
  const pairing = next.pairing(key);
  if (pairing !== undefined) {
    const isNil = is(truthy(after), "never");
    const isPresent = is(falsy(after), "never");
    if (isNil || isPresent) {
      const others = key === pairing.error ? pairing.values : [pairing.error];
      const siblings = key === pairing.error ? [] : pairing.values.filter((value) => value !== key);
      for (const other of others) next = settle(host, next, other, isNil);
      if (isPresent) { for (const sibling of siblings) next = settle(host, next, sibling, true); }
    }
  }
  return next;
}

/** Makes the reference at `key` present, or nil (`false`, where it may be that); an `any` stays. */
function settle(host: NarrowHost, flow: Flow, key: string, isPresent: boolean): Flow {
  const type = host.declaredAt(key, flow);
  if (is(expand(type), "any")) return flow;
  const narrowed = isPresent ? filter(type, (member) => !is(expand(member), "nil")) : falsy(type);
  return is(expand(narrowed), "never") ? flow : flow.with(key, narrowed);
}

/** The part that counts as true. */
export function truthy(type: Type): Type {
  return unionOf(
    membersOf(type).flatMap((member): Type[] => {
      const inner = expand(member);
      if (is(inner, "nil") || (inner.kind === "literal" && inner.value === false)) return [];
      return is(inner, "boolean") ? [{ kind: "literal", value: true }] : [member];
    }),
  );
}

/** The part that counts as false. */
export function falsy(type: Type): Type {
  return unionOf(
    membersOf(type).flatMap((member): Type[] => {
      const inner = expand(member);
      if (is(inner, "boolean")) return [{ kind: "literal", value: false }];
      if (is(inner, "any") || is(inner, "unknown")) return [inner];
      return is(inner, "nil") || (inner.kind === "literal" && inner.value === false) ? [member] : [];
    }),
  );
}

function equalTo(type: Type, literal: Type): Type {
  return unionOf(
    membersOf(type).flatMap((member): Type[] => {
      const inner = expand(member);
      if (is(inner, "any") || is(inner, "unknown")) return [literal];
      if (inner.kind === "literal" || is(inner, "nil")) return fits(inner, literal) ? [member] : [];
      return fits(literal, inner) ? [literal] : inner.kind === "generic" ? [member] : [];
    }),
  );
}

function unequalTo(type: Type, literal: Type): Type {
  return unionOf(
    membersOf(type).flatMap((member): Type[] => {
      const inner = expand(member);
      if (is(inner, "boolean") && literal.kind === "literal" && typeof literal.value === "boolean") {
        return [{ kind: "literal", value: !literal.value }];
      }
      const isIt = (inner.kind === "literal" || is(inner, "nil")) && fits(inner, literal);
      return isIt ? [] : [member];
    }),
  );
}

/** The name that `type(v)` has for values of a type; undefined when there are several. */
function luaTypeOf(type: Type): string | undefined {
  switch (type.kind) {
    case "primitive":
      if (type.name === "integer") return "number";
      return type.name === "any" || type.name === "unknown" || type.name === "never" ? undefined : type.name;
    case "literal":
      return typeof type.value;
    case "function":
      return "function";
    case "table":
    case "intersection":
    case "type":
      return "table";
    default:
      return undefined;
  }
}

function ofLuaType(type: Type, name: string, isEqual: boolean): Type {
  return unionOf(
    membersOf(type).flatMap((member): Type[] => {
      const inner = expand(member);
      const known = luaTypeOf(inner);
      if (known === undefined) {
        if (!isEqual) return [member];
        return Object.hasOwn(PRIMITIVES, name) ? [PRIMITIVES[name as "table"]] : [member];
      }
      // Host objects are described as tables and are userdata.
      const isIt = known === name || (known === "table" && name === "userdata");
      return isIt === isEqual || (known === "table" && name === "userdata") ? [member] : [];
    }),
  );
}
