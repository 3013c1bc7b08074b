/** The retries that a function's preset options, or those of a call, ask for. */
import { durationMs, isValueMap, type Value } from "../core/mod.ts";
import type { Random } from "../ports/mod.ts";
import type { LuaError } from "../vm/mod.ts";

/** When and how often a failed call is made again. */
export interface RetryRule {
  readonly attempts: number;
  readonly initialMs: number;
  readonly maxMs: number;
  readonly factor: number;
  readonly jitter: number;
  readonly retryKinds: readonly string[] | undefined;
  readonly skipKinds: readonly string[];
}

const NEVER_RETRIED_KINDS = ["Canceled", "Timeout"];
const NOT_RETRIED_BY_DEFAULT = ["Invalid", "PermissionDenied", "Internal"];
const RETRY_INITIAL_MS = 100;
const RETRY_MAX_MS = 10_000;

/** The rule of an option `retry`; undefined when it asks for none. */
export function retryRule(value: Value): RetryRule | undefined {
  if (!isValueMap(value)) return undefined;
  const attempts = Number(value["max_attempts"] ?? 0);
  if (!(attempts > 1)) return undefined;
  const kinds = value["retry_kinds"];
  const skip = value["skip_kinds"];
  return {
    attempts,
    initialMs: milliseconds(value["initial_delay"], RETRY_INITIAL_MS, "retry.initial_delay"),
    maxMs: milliseconds(value["max_delay"], RETRY_MAX_MS, "retry.max_delay"),
    factor: Number(value["backoff_factor"] ?? 2),
    jitter: Number(value["jitter"] ?? 0.1),
    retryKinds: Array.isArray(kinds) && kinds.length > 0 ? kinds.map(String) : undefined,
    skipKinds: Array.isArray(skip) ? skip.map(String) : [],
  };
}

function milliseconds(value: Value, fallback: number, field: string): number {
  if (value === null || value === undefined) return fallback;
  return typeof value === "number" ? value : durationMs(String(value), field);
}

/** Whether a call that failed with `error` is made again. */
export function retries(rule: RetryRule, error: LuaError): boolean {
  if (error.retryable === false || NEVER_RETRIED_KINDS.includes(error.kind)) return false;
  if (rule.skipKinds.includes(error.kind)) return false;
  if (rule.retryKinds !== undefined) return rule.retryKinds.includes(error.kind);
  return !NOT_RETRIED_BY_DEFAULT.includes(error.kind);
}

/** The wait before attempt number `attempt`, the first retry being 2. */
export function retryDelayMs(rule: RetryRule, attempt: number, random: Random): number {
  const base = Math.min(rule.maxMs, rule.initialMs * rule.factor ** (attempt - 2));
  return base * (1 + rule.jitter * (2 * random.float() - 1));
}
