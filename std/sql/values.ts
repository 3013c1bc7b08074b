/**
 * Parameters: what scripts give, and what a database is asked with.
 *
 * Typed parameters and NULL are payloads with a format of their own: they can't be changed, cost no handle and survive
 * messages.
 */
import { Failure, type Value } from "../../src/core/mod.ts";
import type { Call } from "../../src/lua/mod.ts";
import { ArgumentError, LuaFloat, LuaPayload, type LuaValue } from "../../src/vm/mod.ts";

const INT64_MIN = -(2n ** 63n);
const INT64_MAX = 2n ** 63n - 1n;
const NO_PARAMS: readonly Value[] = [];
const encoder = new TextEncoder();

/** The value of `sql.NULL` and `sql.as.null()`. */
export const NULL = new LuaPayload("sql/null", null);

function checkParams(got: string): Failure {
  return new Failure("Invalid", "check params", { retryable: false, details: { expected: "table", got } });
}

/** Argument `i` as parameters: nothing, or one table with values at 1..n. */
export function paramsArgument(call: Call, i: number): readonly Value[] {
  if (call.count < i) return NO_PARAMS;
  const plain = call.list(i, true);
  if (plain !== undefined) return plain as Value[];
  const type = call.type(i);
  if (type === "nil") return NO_PARAMS;
  if (type !== "table") throw checkParams(type);
  return paramsOf(call.value(i, true));
}

/** Parameters of a table; holes are NULL. Fails with Invalid `check params` for other keys than 1..n. */
export function paramsOf(table: LuaValue): readonly Value[] {
  const values = Array.isArray(table) ? table : table instanceof Map ? positions(table) : undefined;
  if (values === undefined) {
    if (typeof table === "object" && table !== null && Object.keys(table).length === 0) return NO_PARAMS;
    throw checkParams("table with other keys than 1..n");
  }
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (typeof value === "object" && value !== null) return values.map(paramOf);
  }
  return values as Value[];
}

function positions(map: Map<LuaValue, LuaValue>): LuaValue[] {
  const values: LuaValue[] = [];
  for (const [key, value] of map) {
    if (typeof key !== "number" || !Number.isInteger(key) || key < 1 || key > PARAMS_MAX) {
      throw checkParams("table with other keys than 1..n");
    }
    values[key - 1] = value;
  }
  return Array.from(values, (value) => value ?? null);
}

/** More positions than any database takes: a table that has one is a mistake. */
const PARAMS_MAX = 65_535;

/** One parameter as the `sql` port wants it. */
export function paramOf(value: LuaValue): Value {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array || value instanceof LuaFloat) return value as unknown as Value;
  if (value instanceof LuaPayload) return typed(value);
  const what =
    Array.isArray(value) || value instanceof Map || Object.getPrototypeOf(value) === Object.prototype
      ? "table"
      : "userdata";
  throw new Failure("Invalid", "check params", {
    retryable: false,
    details: { expected: "string, number, boolean or sql.as.*", got: what },
  });
}

function typed({ format, value }: LuaPayload): Value {
  switch (format) {
    case "sql/null":
      return null;
    case "sql/int":
    case "sql/float":
      return value as Value;
    case "sql/text":
      return value instanceof Uint8Array ? new TextDecoder().decode(value) : String(value);
    case "sql/binary":
      return value instanceof Uint8Array ? value : encoder.encode(String(value));
    default:
      throw new Failure("Invalid", "check params", {
        retryable: false,
        details: { got: `payload ${format}` },
      });
  }
}

/** Argument 1 as a number of any size; whole floats are plain numbers. */
function numeric(call: Call): number | bigint {
  const value = call.value(1);
  if (typeof value === "number" || typeof value === "bigint") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "string") {
    const text = value.trim();
    if (/^[+-]?\d+$/.test(text)) return BigInt(text);
    if (text !== "" && Number.isFinite(Number(text))) return Number(text);
  }
  throw new ArgumentError(1, "number", call.type(1));
}

function wanted(call: Call): boolean {
  if (call.count < 1) throw new ArgumentError(1, "value", "none");
  return call.type(1) !== "nil";
}

/** Functions of `sql.as`: a value with the type it is to have in SQL. nil stays NULL. */
export const coercions = {
  "as.int": (call: Call): LuaValue => {
    if (!wanted(call)) return NULL;
    const number = numeric(call);
    if (typeof number === "number" && !Number.isFinite(number)) {
      throw new ArgumentError(1, "number has no integer representation");
    }
    const whole = typeof number === "bigint" ? number : BigInt(Math.trunc(number));
    if (whole < INT64_MIN || whole > INT64_MAX) {
      throw new ArgumentError(1, "number has no integer representation");
    }
    return new LuaPayload("sql/int", whole);
  },
  "as.float": (call: Call): LuaValue =>
    wanted(call) ? new LuaPayload("sql/float", new LuaFloat(Number(numeric(call)))) : NULL,
  "as.text": (call: Call): LuaValue => {
    if (!wanted(call)) return NULL;
    const value = call.value(1, true);
    if (value instanceof LuaFloat) return new LuaPayload("sql/text", `${value.value}.0`);
    return new LuaPayload("sql/text", typeof value === "boolean" ? String(value) : call.string(1));
  },
  "as.binary": (call: Call): LuaValue => wanted(call) ? new LuaPayload("sql/binary", call.bytes(1)) : NULL,
  "as.null": (): LuaValue => NULL,
};
