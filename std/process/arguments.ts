/** Argument checks that the builders share. */
import { Failure } from "../../src/core/mod.ts";
import type { Call } from "../../src/lua/mod.ts";
import { LuaFloat } from "../../src/vm/mod.ts";

/** Argument `i` as a table with text keys. */
export function tableArgument(call: Call, i: number, what: string): Record<string, unknown> {
  const value = call.value(i);
  if (Array.isArray(value) && value.length === 0) return {};
  if (
    typeof value !== "object" || value === null || Array.isArray(value) || value instanceof Map ||
    value instanceof LuaFloat
  ) {
    throw new Failure("Invalid", `${what} must be a table with string keys`, { retryable: false });
  }
  return value as Record<string, unknown>;
}
