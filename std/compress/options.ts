/** Options of the `compress` module. */
import { Failure } from "../../src/core/mod.ts";
import type { Options } from "../../src/lua/mod.ts";

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

/** An integer among options; Invalid outside its range. */
export function integerOption(options: Options, key: string, range: Range): number {
  const value = options[key] ?? range.normal;
  const isFitting = typeof value === "number" && Number.isInteger(value) && value >= range.min &&
    value <= range.max;
  if (!isFitting) throw invalid(`${range.name} must be between ${range.min} and ${range.max}`);
  return value;
}
