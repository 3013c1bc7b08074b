/** Reading numbers, durations and times from Lua. */
import { Failure } from "../../src/core/mod.ts";
import type { Call } from "../../src/lua/mod.ts";
import { ArgumentError } from "../../src/vm/mod.ts";
import { durationObject } from "./duration_object.ts";
import { clampDuration, parseDuration } from "../../src/time/mod.ts";

/** Argument `i` as a whole number of any size; fractions are cut off. */
export function integerArgument(call: Call, i: number): bigint {
  const value = call.type(i) === "number" ? call.value(i) : call.number(i);
  if (typeof value === "bigint") return value;
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new ArgumentError(i, "number has no integer representation");
  }
  return BigInt(Math.trunc(value));
}

/** Argument `i` as a whole number of everyday size. */
export function smallArgument(call: Call, i: number): number {
  const value = Math.trunc(call.number(i));
  if (!Number.isSafeInteger(value)) throw new ArgumentError(i, "number has no integer representation");
  return value;
}

/** Nanoseconds of a number, a text or a Duration; undefined when it is none or the text does not parse. */
export function readDuration(call: Call, i: number): bigint | undefined {
  switch (call.type(i)) {
    case "number": {
      const value = call.value(i);
      if (typeof value === "number" && !Number.isFinite(value)) return undefined;
      return clampDuration(integerArgument(call, i));
    }
    case "string":
      return parseDuration(call.string(i));
    default:
      return call.object(i, durationObject);
  }
}

/** Nanoseconds of a number, a text or a Duration; fails with Invalid. */
export function durationArgument(call: Call, i: number): bigint {
  const ns = readDuration(call, i);
  if (ns !== undefined) return ns;
  const got = call.type(i) === "string"
    ? `"${call.string(i)}"`
    : call.type(i) === "none"
    ? "nothing"
    : call.type(i);
  throw new Failure("Invalid", `invalid duration: ${got} (examples: "500ms", "10s", "1h30m")`, {
    retryable: false,
  });
}
