/**
 * Lua values as JSON text and back, without loss.
 *
 * Whole floats are written with a fraction (`3.0`), integers of any size with all their digits. What JSON lacks stands in an
 * object with one reserved key: `$bytes` (base64) for texts that are no UTF-8, `$map` (pairs) for tables with other keys than
 * text, `$float` for inf and nan. A table that happens to look like one of these gets one more `$`.
 */
import { Failure, type Value } from "../../core/mod.ts";
import { LuaFloat } from "../../vm/mod.ts";
import { exactNumber } from "../exact_number.ts";

/** Keys that stand for themselves only with one more `$` in front. */
const RESERVED = /^\$+(?:bytes|map|float)$/;
/** Deepest nesting that is written; the same for reading, since only what was written is read. */
const DEPTH_MAX = 160;

/** JSON text of a value. Fails with Invalid for what can't be stored. */
export function printStored(value: unknown): string {
  return print(value, 0);
}

function print(value: unknown, depth: number): string {
  switch (typeof value) {
    case "undefined":
      return "null";
    case "string":
    case "boolean":
      return JSON.stringify(value);
    case "bigint":
      return String(value);
    case "number":
      return printNumber(value);
    case "object":
      break;
    default:
      throw unsupported(typeof value);
  }
  if (value === null) return "null";
  if (depth > DEPTH_MAX) throw new Failure("Invalid", "value nested too deep", { retryable: false });
  if (Array.isArray(value)) return `[${value.map((item) => print(item, depth + 1)).join(",")}]`;
  if (value instanceof LuaFloat) return printNumber(value.value, true);
  if (value instanceof Uint8Array) return `{"$bytes":${JSON.stringify(base64(value))}}`;
  if (value instanceof Map) {
    const pairs = [...value].map(([key, item]) => `[${print(key, depth + 1)},${print(item, depth + 1)}]`);
    return `{"$map":[${pairs.join(",")}]}`;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw unsupported(value.constructor?.name ?? "object");
  }
  const fields = Object.entries(value).filter(([, item]) => item !== undefined);
  const lead = fields.length === 1 && RESERVED.test(fields[0]![0]) ? "$" : "";
  return `{${
    fields.map(([key, item]) => `${JSON.stringify(lead + key)}:${print(item, depth + 1)}`).join(",")
  }}`;
}

function printNumber(value: number, isFloat = false): string {
  if (!Number.isFinite(value)) return `{"$float":"${value}"}`;
  if (Object.is(value, -0)) return "-0.0";
  const text = String(value);
  return isFloat && /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** The value of a text that `printStored` or any writer of JSON made. Fails with Invalid for anything else. */
export function parseStored(text: string): Value {
  try {
    return text.includes(".") || /[eE$]|\d{16}/.test(text) ? JSON.parse(text, revive) : JSON.parse(text);
  } catch (error) {
    throw new Failure("Invalid", `stored value is not JSON: ${(error as Error).message}`, {
      retryable: false,
      cause: error,
    });
  }
}

function revive(_key: string, value: unknown, context?: { source?: string }): unknown {
  if (typeof value === "number") return exactNumber(value, context?.source);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const keys = Object.keys(value);
  const key = keys[0];
  if (keys.length !== 1 || key === undefined || !RESERVED.test(key)) return value;
  const inner = (value as Record<string, unknown>)[key];
  if (key.startsWith("$$")) return { [key.slice(1)]: inner };
  if (key === "$map" && Array.isArray(inner)) return new Map(inner as [unknown, unknown][]);
  if (typeof inner !== "string") return value;
  return key === "$bytes" ? Uint8Array.from(atob(inner), (char) => char.charCodeAt(0)) : Number(inner);
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

function unsupported(what: string): Failure {
  return new Failure("Invalid", `a ${what} can't be stored`, { retryable: false });
}
