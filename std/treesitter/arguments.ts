/** Reading positions, durations and names from Lua. */
import type { Point } from "web-tree-sitter";
import { Failure } from "../../src/core/mod.ts";
import type { Call } from "../../src/lua/mod.ts";
import { parseDuration } from "../../src/time/mod.ts";
import { ArgumentError, type LuaValue } from "../../src/vm/mod.ts";

/** Offsets and rows are numbers of 32 bits inside. */
const POSITION_MAX = 0xffff_fffe;

/** A failure that the caller has to mend. */
export function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

/** Argument `i` as an integer. */
export function integerArgument(call: Call, i: number): number {
  const number = call.number(i);
  if (!Number.isInteger(number)) throw new ArgumentError(i, "number has no integer representation");
  return number;
}

/** Argument `i` as an index from 0; -1 for what can be none. */
export function indexArgument(call: Call, i: number): number {
  const index = integerArgument(call, i);
  return index < 0 || index > POSITION_MAX ? -1 : index;
}

/** Argument `i` as a text of bytes. */
export function sourceArgument(call: Call, i: number): Uint8Array {
  if (call.count < i || call.type(i) !== "string") throw new ArgumentError(i, "string", call.type(i));
  return call.bytes(i);
}

function position(value: LuaValue, what: string): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= POSITION_MAX) {
    return value;
  }
  throw invalid(`${what} must be an integer from 0`);
}

/** Fields of a table. */
export function fieldsOf(value: LuaValue, what: string): Readonly<Record<string, LuaValue>> {
  if (typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return value as Record<string, LuaValue>;
  }
  throw invalid(`${what} must be a table of positions`);
}

/** A field that is an offset, row or column. */
export function positionField(fields: Readonly<Record<string, LuaValue>>, name: string): number {
  return position(fields[name], name);
}

/** A `{row, column}` table. */
export function pointOf(value: LuaValue, what: string): Point {
  const fields = fieldsOf(value, what);
  return {
    row: position(fields["row"], `${what}.row`),
    column: position(fields["column"], `${what}.column`),
  };
}

/** Argument `i` as an offset. */
export function offsetArgument(call: Call, i: number): number {
  return position(call.count < i ? null : call.value(i), `argument ${i}`);
}

/** Argument `i` as a point. */
export function pointArgument(call: Call, i: number): Point {
  return pointOf(call.count < i ? null : call.value(i), `argument ${i}`);
}

/** Argument `i` as a duration in milliseconds: a text such as `500ms`, or nanoseconds. 0 is no limit. */
export function timeoutArgument(call: Call, i: number): number {
  const value = call.count < i ? null : call.value(i);
  const ns = typeof value === "string"
    ? parseDuration(value)
    : typeof value === "number" && Number.isInteger(value) || typeof value === "bigint"
    ? BigInt(value)
    : undefined;
  if (ns === undefined || ns < 0n) throw invalid("timeout must be a duration such as 500ms, or nanoseconds");
  return Number(ns) / 1e6;
}

/** A `{row, column}` table of a point. */
export function pointTable({ row, column }: Point): LuaValue {
  return { row, column };
}
