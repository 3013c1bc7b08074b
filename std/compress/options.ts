/** Options of the `compress` module. */
import { Failure } from "../../src/core/mod.ts";
import type { Call } from "../../src/lua/mod.ts";
import { ArgumentError, type LuaValue } from "../../src/vm/mod.ts";

/** A table of options as Lua hands it over. */
export type Options = Readonly<Record<string, LuaValue>>;

/** A range of integers with the one that is meant when none is given. */
export interface Range {
  readonly min: number;
  readonly max: number;
  readonly normal: number;
  /** What the error calls the number. */
  readonly name: string;
}

/** The caller's mistake. */
export function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

/** Argument `i` as a table of options; raises an argument error for anything else. */
export function optionsArgument(call: Call, i: number): Options {
  if (call.count < i || call.type(i) === "nil") return {};
  if (call.type(i) !== "table") throw new ArgumentError(i, "table", call.type(i));
  const value = call.value(i);
  const isMap = typeof value === "object" && value !== null &&
    Object.getPrototypeOf(value) === Object.prototype;
  return isMap ? value as Options : {};
}

/** An integer among options; Invalid outside its range. */
export function integerOption(options: Options, key: string, range: Range): number {
  const value = options[key] ?? range.normal;
  const isFitting = typeof value === "number" && Number.isInteger(value) && value >= range.min &&
    value <= range.max;
  if (!isFitting) throw invalid(`${range.name} must be between ${range.min} and ${range.max}`);
  return value;
}
