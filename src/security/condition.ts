/**
 * Conditions of declarative policies: a field path, an operator, a value or the path of one.
 *
 * C1. What can't be compared (a number with a text, a broken regular expression) makes the condition fail, whatever the
 *     operator: such a policy does not apply.
 * C2. An absent field is nil: it equals nothing but nil, is in no list and contains nothing.
 */
import { Failure, isValueMap, type Value, valuesEqual } from "../core/mod.ts";
import type { Access, Actor } from "../ports/mod.ts";

/** Operators as they are written. */
export const OPERATORS = [
  "eq",
  "ne",
  "lt",
  "gt",
  "lte",
  "gte",
  "in",
  "nin",
  "exists",
  "nexists",
  "contains",
  "ncontains",
  "matches",
  "nmatches",
] as const;

/** One of `OPERATORS`. */
export type Operator = typeof OPERATORS[number];

/** A condition as configured. `value_from` is the path of the value to compare with. */
export interface ConditionConfig {
  readonly field: string;
  readonly operator: Operator;
  readonly value: Value;
  readonly value_from: string;
}

/** Compiles a regular expression that runs in linear time; throws when it is malformed. */
export type CompileExpression = (pattern: string) => (text: string) => boolean;

/** Whether a condition holds. */
export type Condition = (actor: Actor, access: Access) => boolean;

type Read = (actor: Actor, access: Access) => Value;

/** The value at `path`: `actor.id`, `actor.meta.*`, `action`, `resource`, `meta.*`; anything else is absent. */
export function compilePath(path: string): Read {
  const parts = path.split(".");
  if (path === "action") return (_actor, access) => access.action;
  if (path === "resource") return (_actor, access) => access.resource;
  if (path === "actor.id") return (actor) => actor.id;
  if (parts[0] === "meta") return (_actor, access) => descend(access.attributes, parts, 1);
  if (parts[0] === "actor" && parts[1] === "meta") return (actor) => descend(actor.meta, parts, 2);
  return () => undefined;
}

function descend(root: Value, parts: readonly string[], from: number): Value {
  let value = root;
  for (let i = from; i < parts.length; i++) {
    if (!isValueMap(value) || !Object.hasOwn(value, parts[i]!)) return undefined;
    value = value[parts[i]!];
  }
  return value;
}

/** The function that judges one condition. Fails with Invalid when it is incomplete. */
export function compileCondition(config: ConditionConfig, expression: CompileExpression): Condition {
  const { field, operator } = config;
  if (field === "") throw new Failure("Invalid", "policy condition: field is required");
  const left = compilePath(field);
  if (operator === "exists" || operator === "nexists") {
    const wanted = (operator === "exists") === (config.value !== false);
    return (actor, access) => !isAbsent(left(actor, access)) === wanted;
  }
  if (config.value_from !== "") {
    const right = compilePath(config.value_from);
    return (actor, access) => compare(operator, left(actor, access), right(actor, access), expression);
  }
  const { value } = config;
  if (operator === "matches" || operator === "nmatches") {
    const matches = compiled(value, expression);
    return (actor, access) => matched(operator, left(actor, access), matches);
  }
  return (actor, access) => compare(operator, left(actor, access), value, expression);
}

function compiled(pattern: Value, expression: CompileExpression): ((text: string) => boolean) | undefined {
  if (typeof pattern !== "string") return undefined;
  try {
    return expression(pattern);
  } catch (_error) {
    // C1: a policy with such a condition never applies.
    return undefined;
  }
}

function matched(operator: Operator, left: Value, matches: ((text: string) => boolean) | undefined): boolean {
  if (matches === undefined) return false;
  if (isAbsent(left)) return operator === "nmatches";
  return typeof left === "string" && matches(left) === (operator === "matches");
}

function compare(operator: Operator, left: Value, right: Value, expression: CompileExpression): boolean {
  switch (operator) {
    case "eq":
      return equal(left, right);
    case "ne":
      return !equal(left, right);
    case "in":
      return Array.isArray(right) && right.some((item) => equal(left, item));
    case "nin":
      return Array.isArray(right) && !right.some((item) => equal(left, item));
    case "contains":
    case "ncontains":
      if (typeof right !== "string") return false;
      if (isAbsent(left)) return operator === "ncontains";
      return typeof left === "string" && left.includes(right) === (operator === "contains");
    case "matches":
    case "nmatches":
      return matched(operator, left, compiled(right, expression));
    default:
      return ordered(operator, left, right);
  }
}

function ordered(operator: Operator, left: Value, right: Value): boolean {
  if (!isNumber(left) || !isNumber(right)) return false;
  switch (operator) {
    case "lt":
      return left < right;
    case "gt":
      return left > right;
    case "lte":
      return left <= right;
    default:
      return left >= right;
  }
}

function isAbsent(value: Value): value is null | undefined {
  return value === null || value === undefined;
}

function isNumber(value: Value): value is number | bigint {
  return typeof value === "number" || typeof value === "bigint";
}

function equal(left: Value, right: Value): boolean {
  if (isAbsent(left) || isAbsent(right)) return isAbsent(left) && isAbsent(right);
  // Loose on purpose for these two types only: 3n and 3 are the same number.
  // deno-lint-ignore eqeqeq
  if (isNumber(left) && isNumber(right)) return left == right;
  return valuesEqual(left, right);
}
