/** Failures in the journal, and back. */
import type { Failure } from "../core/mod.ts";
import { type CallResult, failureOf, luaErrorOf } from "../lua/mod.ts";
import { LuaError, type LuaValue } from "../vm/mod.ts";
import type { Step, StoredFailure } from "./history.ts";

/** What becomes of an activity that was cancelled. */
export const CANCELED: StoredFailure = {
  message: "operation canceled",
  kind: "Canceled",
  retryable: false,
  details: null,
};

/** The failure as it is kept. */
export function storedFailure(error: LuaError | Failure): StoredFailure {
  const { details, kind, message, retryable } = error instanceof LuaError ? error : luaErrorOf(error);
  return { message, kind, retryable: retryable ?? null, details: plain(details) };
}

/** Details that JSON can't hold are left out. */
function plain(details: LuaValue): unknown {
  try {
    return JSON.parse(JSON.stringify(details ?? null)) as unknown;
  } catch {
    return null;
  }
}

/** The error that Lua gets for a kept failure. */
export function luaErrorOfStored({ details, kind, message, retryable }: StoredFailure): LuaError {
  return new LuaError(message, kind, retryable, details as LuaValue);
}

/** Fails as it did when it was recorded. */
export function refuse(stored: StoredFailure | undefined): void {
  if (stored !== undefined) throw failureOf(luaErrorOfStored(stored));
}

/** The result that a step brings. */
export function resultOf({ arrival, body }: Step): CallResult {
  const failure = arrival.type === "result" ? arrival.failure : null;
  return failure === null ? { ok: true, results: body! } : { ok: false, error: luaErrorOfStored(failure) };
}
