/** Functions that turn values into others. */
import { float, integer, isInteger, LuaFloat, type LuaValue } from "../../vm/mod.ts";
import { Problem } from "../problem.ts";
import type { Run } from "../run.ts";
import {
  DurationValue,
  entriesOf,
  exported,
  isArray,
  isNumber,
  sizeOf,
  textOf,
  timeText,
  TimeValue,
  typeName,
} from "../values.ts";
import { type Builtin, plain, textIn } from "./builtin.ts";

const INTEGER = /^[+-]?\d+$/;
const JSON_DEPTH_MAX = 160;

function toInteger(value: LuaValue): LuaValue {
  if (isInteger(value)) return value;
  if (isNumber(value)) {
    const size = sizeOf(value);
    if (!Number.isFinite(size)) throw new Problem(`${size} is no int`);
    return integer(BigInt(Math.trunc(size)));
  }
  if (typeof value === "string" && INTEGER.test(value)) {
    const number = BigInt(value.replace(/^\+/, ""));
    if (BigInt.asIntN(64, number) === number) return integer(number);
  }
  const other: unknown = value;
  if (other instanceof DurationValue) return integer(other.ns);
  throw new Problem(
    typeof value === "string" ? `"${value}" is no int` : `can't turn ${typeName(value)} into an int`,
  );
}

function toFloat(value: LuaValue): LuaValue {
  if (isNumber(value)) return float(sizeOf(value));
  if (typeof value === "string") {
    const number = /^\s|\s$/.test(value) || value === "" ? NaN : Number(value);
    if (!Number.isNaN(number)) return float(number);
    throw new Problem(`"${value}" is no float`);
  }
  throw new Problem(`can't turn ${typeName(value)} into a float`);
}

/** JSON with the keys of maps in order. */
function print(run: Run, value: LuaValue, depth: number): string {
  if (depth > JSON_DEPTH_MAX) throw new Problem("value is nested too deep");
  run.spend(1);
  if (value === null || value === undefined) return "null";
  if (value instanceof LuaFloat) return String(value.value);
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new Problem(`${value} has no JSON`);
    return String(value);
  }
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  if (typeof value === "string") {
    run.spendText(value.length);
    return JSON.stringify(value);
  }
  if (value instanceof Uint8Array) {
    run.spendText(value.length);
    return `"${value.toBase64()}"`;
  }
  if (isArray(value)) return `[${value.map((item) => print(run, item, depth + 1)).join(",")}]`;
  const entries = entriesOf(value);
  if (entries !== undefined) {
    const items = entries.map(([key, item]) => [String(key), item] as const);
    items.sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0);
    return `{${
      items.map(([key, item]) => `${JSON.stringify(key)}:${print(run, item, depth + 1)}`).join(",")
    }}`;
  }
  const other: unknown = value;
  if (other instanceof TimeValue) return JSON.stringify(timeText(other.instant));
  const plainValue = exported(run, value);
  if (plainValue === value) throw new Problem(`${typeName(value)} has no JSON`);
  return print(run, plainValue, depth + 1);
}

function parse(run: Run, text: string): LuaValue {
  run.spend(text.length);
  try {
    return JSON.parse(text) as LuaValue;
  } catch (error) {
    throw new Problem(`invalid JSON: ${(error as Error).message}`);
  }
}

function fromBase64(text: string): LuaValue {
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.fromBase64(text);
  } catch {
    throw new Problem("invalid base64");
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes;
  }
}

/** By name. */
export const CONVERSIONS: Readonly<Record<string, Builtin>> = {
  type: plain(1, 1, (_run, [value]) => typeName(value)),
  int: plain(1, 1, (_run, [value]) => toInteger(value)),
  float: plain(1, 1, (_run, [value]) => toFloat(value)),
  string: plain(1, 1, (run, [value]) => {
    const text = typeof value === "string" ? value : textOf(run, value);
    run.makeText(text.length);
    return text;
  }),
  toJSON: plain(1, 1, (run, [value]) => {
    const text = print(run, value, 0);
    run.makeText(text.length);
    return text;
  }),
  fromJSON: plain(1, 1, (run, [text]) => parse(run, textIn(run, text))),
  toBase64: plain(1, 1, (run, [value]) => {
    const bytes = value instanceof Uint8Array ? value : new TextEncoder().encode(textIn(run, value));
    run.makeText(bytes.length * 2);
    return bytes.toBase64();
  }),
  fromBase64: plain(1, 1, (run, [text]) => fromBase64(textIn(run, text))),
};
