/** Arithmetic, comparison and membership. `at` is where messages point. */
import { addNs, compareInstants, difference } from "../time/mod.ts";
import { float, integer, isInteger, isMap, itemOf, LuaFloat, type LuaValue } from "../vm/mod.ts";
import { Problem } from "./problem.ts";
import type { Run } from "./run.ts";
import {
  DEPTH_MAX,
  DurationValue,
  entriesOf,
  foreign,
  isArray,
  isNumber,
  sizeOf,
  TimeValue,
  typeName,
} from "./values.ts";

function refused(left: LuaValue, operator: string, right: LuaValue, at: number): Problem {
  return new Problem(`can't compute ${typeName(left)} ${operator} ${typeName(right)}`, at);
}

/** `left + right`: numbers, texts, a time or duration and a duration. */
export function add(run: Run, left: LuaValue, right: LuaValue, at: number): LuaValue {
  if (isNumber(left) && isNumber(right)) {
    if (!isInteger(left) || !isInteger(right)) return float(sizeOf(left) + sizeOf(right));
    return integer(BigInt(left) + BigInt(right));
  }
  if (typeof left === "string" && typeof right === "string") {
    run.makeText(left.length + right.length);
    return left + right;
  }
  const a: unknown = left;
  const b: unknown = right;
  if (a instanceof TimeValue && b instanceof DurationValue) {
    return foreign(new TimeValue(addNs(a.instant, b.ns)));
  }
  if (a instanceof DurationValue && b instanceof TimeValue) {
    return foreign(new TimeValue(addNs(b.instant, a.ns)));
  }
  if (a instanceof DurationValue && b instanceof DurationValue) return durationOf(a.ns + b.ns);
  throw refused(left, "+", right, at);
}

function durationOf(ns: bigint): LuaValue {
  return foreign(new DurationValue(BigInt.asIntN(64, ns)));
}

/** `left - right`: numbers, times, a time or duration and a duration. */
export function subtract(left: LuaValue, right: LuaValue, at: number): LuaValue {
  if (isNumber(left) && isNumber(right)) {
    if (!isInteger(left) || !isInteger(right)) return float(sizeOf(left) - sizeOf(right));
    return integer(BigInt(left) - BigInt(right));
  }
  const a: unknown = left;
  const b: unknown = right;
  if (a instanceof TimeValue) {
    if (b instanceof TimeValue) return durationOf(difference(a.instant, b.instant));
    if (b instanceof DurationValue) return foreign(new TimeValue(addNs(a.instant, -b.ns)));
  }
  if (a instanceof DurationValue && b instanceof DurationValue) return durationOf(a.ns - b.ns);
  throw refused(left, "-", right, at);
}

/** `left * right`: numbers, a duration and a number. */
export function multiply(left: LuaValue, right: LuaValue, at: number): LuaValue {
  if (isNumber(left) && isNumber(right)) {
    if (!isInteger(left) || !isInteger(right)) return float(sizeOf(left) * sizeOf(right));
    return integer(BigInt(left) * BigInt(right));
  }
  const a: unknown = left;
  const b: unknown = right;
  if (a instanceof DurationValue && isNumber(right)) return durationOf(scaled(a.ns, right));
  if (b instanceof DurationValue && isNumber(left)) return durationOf(scaled(b.ns, left));
  throw refused(left, "*", right, at);
}

function scaled(ns: bigint, factor: number | bigint | LuaFloat): bigint {
  if (isInteger(factor)) return ns * BigInt(factor);
  const product = Number(ns) * sizeOf(factor);
  return Number.isFinite(product) ? BigInt(Math.trunc(product)) : 0n;
}

/** `left / right`: always a float. */
export function divide(left: LuaValue, right: LuaValue, at: number): LuaValue {
  if (isNumber(left) && isNumber(right)) return float(sizeOf(left) / sizeOf(right));
  throw refused(left, "/", right, at);
}

/** `left % right`: integers; the result has the sign of `left`. */
export function modulo(left: LuaValue, right: LuaValue, at: number): LuaValue {
  if (!isInteger(left) || !isInteger(right)) throw refused(left, "%", right, at);
  // deno-lint-ignore eqeqeq
  if (right == 0) throw new Problem("integer divided by zero", at);
  if (typeof left === "number" && typeof right === "number") return left % right + 0;
  return integer(BigInt(left) % BigInt(right));
}

/** `left ** right`: always a float. */
export function power(left: LuaValue, right: LuaValue, at: number): LuaValue {
  if (isNumber(left) && isNumber(right)) return float(sizeOf(left) ** sizeOf(right));
  throw refused(left, "**", right, at);
}

/** `-value`. */
export function negate(value: LuaValue, at: number): LuaValue {
  if (value instanceof LuaFloat || typeof value === "number" && !Number.isInteger(value)) {
    return float(-sizeOf(value));
  }
  if (typeof value === "number") return value === 0 ? 0 : -value;
  if (typeof value === "bigint") return integer(-value);
  const other: unknown = value;
  if (other instanceof DurationValue) return durationOf(-other.ns);
  throw new Problem(`can't negate ${typeName(value)}`, at);
}

/** `left .. right`: the integers from one to the other, both included. */
export function range(run: Run, left: LuaValue, right: LuaValue, at: number): LuaValue {
  if (!isInteger(left) || !isInteger(right)) throw refused(left, "..", right, at);
  const from = Number(left);
  const count = Math.max(0, Number(right) - from + 1);
  run.make(count);
  return Array.from({ length: count }, (_, i) => from + i);
}

/** Below zero when `left` comes first, above when `right` does, NaN when neither does. */
export function compare(left: LuaValue, right: LuaValue, operator: string, at: number): number {
  if (typeof left === "bigint" && typeof right === "bigint") return left < right ? -1 : left > right ? 1 : 0;
  if (isNumber(left) && isNumber(right)) {
    const a = left instanceof LuaFloat ? left.value : left;
    const b = right instanceof LuaFloat ? right.value : right;
    return a < b ? -1 : a > b ? 1 : Number(a) === Number(b) ? 0 : NaN;
  }
  if (typeof left === "string" && typeof right === "string") return left < right ? -1 : left > right ? 1 : 0;
  const a: unknown = left;
  const b: unknown = right;
  if (a instanceof TimeValue && b instanceof TimeValue) return compareInstants(a.instant, b.instant);
  if (a instanceof DurationValue && b instanceof DurationValue) return a.ns < b.ns ? -1 : a.ns > b.ns ? 1 : 0;
  throw new Problem(`can't compare ${typeName(left)} ${operator} ${typeName(right)}`, at);
}

/** Deep equality. Values of different types are different, integers and floats are both numbers. */
export function equal(run: Run, left: LuaValue, right: LuaValue, depth = 0): boolean {
  if (left === right) return true;
  if (depth > DEPTH_MAX) throw new Problem("values are nested too deep to compare");
  if (left === null || left === undefined) return right === null || right === undefined;
  if (isNumber(left)) {
    if (!isNumber(right)) return false;
    const a = left instanceof LuaFloat ? left.value : left;
    const b = right instanceof LuaFloat ? right.value : right;
    // Loose on purpose: 3n and 3 are the same number.
    // deno-lint-ignore eqeqeq
    return a == b;
  }
  if (typeof left !== "object" || typeof right !== "object" || right === null) return false;
  const a: unknown = left;
  const b: unknown = right;
  if (a instanceof TimeValue) return b instanceof TimeValue && compareInstants(a.instant, b.instant) === 0;
  if (a instanceof DurationValue) return b instanceof DurationValue && a.ns === b.ns;
  if (left instanceof Uint8Array) {
    return right instanceof Uint8Array && left.length === right.length &&
      left.every((byte, i) => byte === right[i]);
  }
  if (isArray(left) && isArray(right)) {
    run.spend(Math.min(left.length, right.length));
    return left.length === right.length && left.every((item, i) => equal(run, item, right[i], depth + 1));
  }
  const entries = entriesOf(left);
  const others = entriesOf(right);
  if (entries === undefined || others === undefined || entries.length !== others.length) return false;
  run.spend(entries.length);
  return entries.every(([key, item]) => {
    const other = itemOf(right as { [key: string]: LuaValue }, key);
    return other !== undefined && equal(run, item, other, depth + 1);
  });
}

/** `left in right`: an element of an array, a key of a map. */
export function isIn(run: Run, left: LuaValue, right: LuaValue, at: number): boolean {
  if (right === null || right === undefined) return false;
  if (isArray(right)) {
    run.spend(right.length);
    return right.some((item) => equal(run, left, item));
  }
  if (isMap(right)) {
    const item = itemOf(right, left);
    return item !== undefined;
  }
  throw new Problem(`can't look for ${typeName(left)} in ${typeName(right)}`, at);
}

/** The texts of a comparison of texts; undefined when one is nil, which fits nothing. */
export function texts(
  run: Run,
  left: LuaValue,
  operator: string,
  right: LuaValue,
  at: number,
): { left: string; right: string } | undefined {
  if (left === null || left === undefined || right === null || right === undefined) return undefined;
  if (typeof left !== "string" || typeof right !== "string") {
    throw new Problem(`can't compare ${typeName(left)} ${operator} ${typeName(right)}`, at);
  }
  run.spendText(left.length);
  return { left, right };
}
