/**
 * Values of expressions, which are those of Lua plus times, durations and zones.
 *
 * V1. A number is an integer when it is a bigint or a whole plain number, a float otherwise; a float that is whole is a `LuaFloat`.
 * V2. Tables with keys 1..n are arrays, others maps; an empty table is both.
 */
import { formatInstant, type Instant, type Location, printDuration } from "../time/mod.ts";
import { integer, isMap, LuaFloat, LuaOpaque, type LuaValue } from "../vm/mod.ts";
import { Problem } from "./problem.ts";
import type { Run } from "./run.ts";

/** Tables that may be in each other wherever all of a value is looked at. */
export const DEPTH_MAX = 200;

/** A point in time. */
export class TimeValue {
  readonly instant: Instant;
  constructor(instant: Instant) {
    this.instant = instant;
  }
}

/** A duration. */
export class DurationValue {
  readonly ns: bigint;
  constructor(ns: bigint) {
    this.ns = ns;
  }
}

/** A time zone. */
export class ZoneValue {
  readonly location: Location;
  constructor(location: Location) {
    this.location = location;
  }
}

/** A value of this language that is none of Lua's, in the clothes of one. */
export function foreign(value: TimeValue | DurationValue | ZoneValue): LuaValue {
  return value as unknown as LuaValue;
}

/** True for arrays. */
export function isArray(value: LuaValue): value is LuaValue[] {
  return Array.isArray(value);
}

/** Entries of a map or an empty table; undefined for anything else. */
export function entriesOf(value: LuaValue): [LuaValue, LuaValue][] | undefined {
  if (isArray(value)) return value.length === 0 ? [] : undefined;
  if (!isMap(value)) return undefined;
  return value instanceof Map ? [...value] : Object.entries(value);
}

/** True for numbers. */
export function isNumber(value: LuaValue): value is number | bigint | LuaFloat {
  return typeof value === "number" || typeof value === "bigint" || value instanceof LuaFloat;
}

/** The size of a number as a float. */
export function sizeOf(value: number | bigint | LuaFloat): number {
  return value instanceof LuaFloat ? value.value : Number(value);
}

/** Name of a value's type. */
export function typeName(value: unknown): string {
  if (value === null || value === undefined) return "nil";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint" || typeof value === "number" && Number.isInteger(value)) return "int";
  if (typeof value === "number" || value instanceof LuaFloat) return "float";
  if (typeof value === "string") return "string";
  if (value instanceof TimeValue) return "time.Time";
  if (value instanceof DurationValue) return "time.Duration";
  if (value instanceof ZoneValue) return "time.Location";
  if (Array.isArray(value) || value instanceof Uint8Array) return "array";
  return isMap(value as LuaValue) ? "map" : "object";
}

/** The text form of a time. */
export function timeText(instant: Instant): string {
  return formatInstant(instant, "2006-01-02T15:04:05.999999999Z07:00");
}

/**
 * What an expression hands to its caller: times become Unix seconds, durations nanoseconds. Throws for what has no form outside.
 * What stands in it twice is paid for twice, as it leaves as two copies.
 */
export function exported(run: Run, value: LuaValue, depth = 0): LuaValue {
  if (typeof value === "string") run.spendText(value.length);
  if (typeof value !== "object" || value === null || value instanceof LuaFloat) return value;
  if (value instanceof Uint8Array) {
    run.spendText(value.length);
    return value;
  }
  if (depth > DEPTH_MAX) throw new Problem("result is nested too deep");
  if (isArray(value)) {
    run.spend(value.length);
    return value.map((item) => exported(run, item, depth + 1));
  }
  if (value instanceof Map) {
    run.spend(value.size);
    return new Map(
      [...value].map(([key, item]) => [exported(run, key, depth + 1), exported(run, item, depth + 1)]),
    );
  }
  const other: unknown = value;
  if (other instanceof TimeValue) return other.instant.seconds;
  if (other instanceof DurationValue) return integer(other.ns);
  if (other instanceof ZoneValue) return other.location.name;
  if (value instanceof LuaOpaque) throw new Problem(`the result holds a ${value.type}`);
  if (!isMap(value)) return value;
  const map: Record<string, LuaValue> = Object.create(null);
  const entries = Object.entries(value);
  run.spend(entries.length);
  for (const [key, item] of entries) map[key] = exported(run, item, depth + 1);
  return map;
}

/** The text of a value. */
export function textOf(run: Run, value: LuaValue, depth = 0): string {
  const other: unknown = value;
  run.spendText(typeof value === "string" || value instanceof Uint8Array ? value.length : 0);
  if (depth > DEPTH_MAX) throw new Problem("value is nested too deep");
  if (value === null || value === undefined) return "<nil>";
  if (value instanceof LuaFloat) return String(value.value);
  if (other instanceof TimeValue) return timeText(other.instant);
  if (other instanceof DurationValue) return printDuration(other.ns);
  if (other instanceof ZoneValue) return other.location.name;
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (isArray(value)) return `[${value.map((item) => textOf(run, item, depth + 1)).join(" ")}]`;
  if (isMap(value)) {
    const items = entriesOf(value)!.map(([key, item]) =>
      `${textOf(run, key, depth + 1)}:${textOf(run, item, depth + 1)}`
    );
    return `map[${items.sort().join(" ")}]`;
  }
  return String(value);
}
