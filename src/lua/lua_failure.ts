/** Failures as Lua's error objects, and back. */
import { asFailure, Failure } from "../core/mod.ts";
import { LuaError, type LuaValue } from "../vm/mod.ts";

/** The Lua error object of a failure. */
export function luaErrorOf(error: unknown): LuaError {
  if (error instanceof LuaError) return error;
  const failure = asFailure(error);
  return new LuaError(
    failure.message,
    failure.kind,
    failure.retryable ?? null,
    (failure.details ?? null) as LuaValue,
  );
}

/** The failure of a Lua error object. */
export function failureOf(error: LuaError): Failure {
  return new Failure(error.kind as Failure["kind"], error.message, {
    retryable: error.retryable ?? undefined,
    details: isDetails(error.details) ? error.details : undefined,
    cause: error.stack.length === 0 ? undefined : error,
  });
}

function isDetails(value: LuaValue): value is { [key: string]: LuaValue } {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
