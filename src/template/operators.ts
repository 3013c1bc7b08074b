/** Operators and access to members. */
import { float, integer, isInteger, isMap, itemOf, LuaFloat, type LuaValue } from "../vm/mod.ts";
import { TemplateProblem } from "./problem.ts";
import type { Run } from "./run.ts";
import type { BinaryOperator } from "./syntax.ts";
import { CaughtError, foreign, sizeOf, TemplateFunction, textOf, typeName } from "./values.ts";

type Arithmetic = "+" | "-" | "*" | "/" | "%";

/** `left operator right` for numbers, and `+` for texts. Integers stay integers: `7 / 2` is 3. */
export function compute(run: Run, operator: Arithmetic, left: LuaValue, right: LuaValue): LuaValue {
  if (operator === "+" && (typeof left === "string" || typeof right === "string")) {
    const text = textOf(run, left) + textOf(run, right);
    run.makeText(text.length);
    return text;
  }
  const a = sizeOf(left);
  const b = sizeOf(right);
  if (a === undefined || b === undefined) {
    throw new TemplateProblem(`can't compute ${typeName(left)} ${operator} ${typeName(right)}`, run.place);
  }
  if (!isInteger(left) || !isInteger(right)) return floats(run, operator, a, b);
  if ((operator === "/" || operator === "%") && b === 0) {
    throw new TemplateProblem("division by zero", run.place);
  }
  if (typeof left === "number" && typeof right === "number") {
    const result = plain(operator, left, right);
    if (Number.isSafeInteger(result)) return result + 0;
  }
  return integer(exact(operator, BigInt(left), BigInt(right)));
}

function plain(operator: Arithmetic, a: number, b: number): number {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return Math.trunc(a / b);
    default:
      return a % b;
  }
}

function exact(operator: Arithmetic, a: bigint, b: bigint): bigint {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    default:
      return a % b;
  }
}

function floats(run: Run, operator: Arithmetic, a: number, b: number): LuaValue {
  if (operator === "/") return float(a / b);
  if (operator !== "%") return float(plain(operator, a, b));
  if (Math.trunc(b) === 0) throw new TemplateProblem("division by zero", run.place);
  return integer(BigInt(Math.trunc(a)) % BigInt(Math.trunc(b)));
}

/** `-value`. */
export function negate(run: Run, value: LuaValue): LuaValue {
  if (value instanceof LuaFloat) return new LuaFloat(-value.value);
  if (typeof value === "bigint") return integer(-value);
  if (typeof value === "number") return value === 0 ? 0 : -value;
  throw new TemplateProblem(`can't negate ${typeName(value)}`, run.place);
}

/** Deep equality; values of different types are different. */
export function equal(run: Run, left: LuaValue, right: LuaValue): boolean {
  if (left === right) return true;
  if (left === null || left === undefined) return right === null || right === undefined;
  const a = sizeOf(left);
  if (a !== undefined) {
    if (typeof left === "bigint" && typeof right === "bigint") return left === right;
    return a === sizeOf(right);
  }
  if (typeof left !== "object" || typeof right !== "object" || right === null) return false;
  if (Array.isArray(left) && Array.isArray(right)) {
    run.spend(left.length);
    return left.length === right.length && left.every((item, i) => equal(run, item, right[i]));
  }
  if (!isMap(left) || !isMap(right)) return false;
  const entries = left instanceof Map ? [...left] : Object.entries(left);
  const size = right instanceof Map ? right.size : Object.keys(right).length;
  run.spend(entries.length);
  return entries.length === size && entries.every(([key, item]) => {
    const other = itemOf(right, key);
    return other !== undefined && equal(run, item, other);
  });
}

/** Whether `left operator right` holds, for two numbers or two texts. */
export function compare(
  run: Run,
  operator: BinaryOperator,
  left: LuaValue,
  right: LuaValue,
): boolean {
  const isText = typeof left === "string" && typeof right === "string";
  const a = isText ? left : sizeOf(left);
  const b = isText ? right : sizeOf(right);
  if (a === undefined || b === undefined) {
    throw new TemplateProblem(`can't compare ${typeName(left)} ${operator} ${typeName(right)}`, run.place);
  }
  switch (operator) {
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    default:
      return a >= b;
  }
}

/** `object[key]` and `object.key`. A missing key of a map is nil. */
export function member(run: Run, object: LuaValue, key: LuaValue): LuaValue {
  const other: unknown = object;
  if (other instanceof CaughtError && key === "Error") {
    return foreign(new TemplateFunction("Error", () => other.message));
  }
  if (Array.isArray(object)) {
    // An empty table is a map too.
    if (object.length === 0 && typeof key === "string") return null;
    return object[index(run, object.length, key)] ?? null;
  }
  if (isMap(object)) return itemOf(object, key) ?? null;
  if (typeof object === "string" && isInteger(key)) {
    const bytes = new TextEncoder().encode(object);
    run.spendText(bytes.length);
    return bytes[index(run, bytes.length, key)]!;
  }
  const name = typeof key === "string" ? `"${key}"` : textOf(run, key);
  throw new TemplateProblem(`can't read ${name} of ${typeName(object)}`, run.place);
}

function index(run: Run, length: number, key: LuaValue): number {
  if (!isInteger(key)) {
    throw new TemplateProblem(`an index must be an integer, got ${typeName(key)}`, run.place);
  }
  const at = Number(key);
  if (at < 0 || at >= length) {
    throw new TemplateProblem(`index ${key} is out of range, length is ${length}`, run.place);
  }
  return at;
}

/** `object[from:to]` of an array or a text. */
export function slice(run: Run, object: LuaValue, from: LuaValue, to: LuaValue): LuaValue {
  if (!Array.isArray(object) && typeof object !== "string") {
    throw new TemplateProblem(`can't slice ${typeName(object)}`, run.place);
  }
  const { length } = object;
  const start = from === null || from === undefined ? 0 : bound(run, length, from);
  const end = to === null || to === undefined ? length : bound(run, length, to);
  if (start > end) throw new TemplateProblem(`slice [${start}:${end}] ends before it starts`, run.place);
  run.spendText(end - start);
  return object.slice(start, end);
}

function bound(run: Run, length: number, value: LuaValue): number {
  if (!isInteger(value)) {
    throw new TemplateProblem(`a bound must be an integer, got ${typeName(value)}`, run.place);
  }
  const at = Number(value);
  if (at < 0 || at > length) {
    throw new TemplateProblem(`bound ${value} is out of range, length is ${length}`, run.place);
  }
  return at;
}
