/** Arguments of the `text` module. */
import { Failure } from "../../src/core/mod.ts";
import type { Options } from "../../src/lua/mod.ts";

/** A failure of this module that is not about a pattern. */
export function internal(message: string): Failure {
  return new Failure("Internal", message, { retryable: false });
}

/** A number among options, within bounds; `fallback` when it is not there. */
export function numberOption(
  options: Options,
  name: string,
  { fallback, min, max, whole }: { fallback: number; min: number; max: number; whole?: boolean },
): number {
  const value = options[name] ?? fallback;
  const number = typeof value === "bigint" ? Number(value) : value;
  if (typeof number === "number" && number >= min && number <= max && (!whole || Number.isInteger(number))) {
    return number;
  }
  throw internal(`${name} must be ${whole ? "an integer" : "a number"} between ${min} and ${max}`);
}

/** A boolean among options; false when it is not there. */
export function flagOption(options: Options, name: string): boolean {
  const value = options[name] ?? false;
  if (typeof value === "boolean") return value;
  throw internal(`${name} must be a boolean`);
}
