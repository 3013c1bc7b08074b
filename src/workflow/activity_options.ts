/** The options of an activity, as a call or the entry's `meta.options` gives them. */
import { durationMs, Failure, isValueMap, type Value, type ValueMap } from "../core/mod.ts";
import { plainMap } from "../lua/mod.ts";
import type { LuaError, LuaValue } from "../vm/mod.ts";

/** When a failed activity is begun again. */
export interface RetryPolicy {
  readonly initialMs: number;
  readonly factor: number;
  readonly intervalMsMax: number;
  /** Infinity when unlimited. */
  readonly attemptsMax: number;
  /** Kinds of errors that are final. */
  readonly finalKinds: readonly string[];
}

/** How one activity is run. Bounds that were not given are Infinity. */
export interface ActivityOptions {
  readonly startToCloseMs: number;
  readonly scheduleToCloseMs: number;
  readonly scheduleToStartMs: number;
  /** `""` for the number of its command. */
  readonly id: string;
  /** `""` for that of the worker it is registered with. */
  readonly taskQueue: string;
  readonly summary: string;
  /** 1 comes first. */
  readonly priority: number;
  readonly waitsForCancellation: boolean;
  readonly retry: RetryPolicy | undefined;
}

const PREFIXES = ["activity.", "temporal.activity."];
const START_TO_CLOSE_MS = 10 * 60_000;
const RETRY_INITIAL_MS = 1_000;
const RETRY_FACTOR = 2;
/** Longest interval, in first intervals, unless the policy says otherwise. */
const RETRY_GROWTH_MAX = 100;
const PRIORITY_DEFAULT = 3;

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

/** The activity options among those of a function and of a call, by name without prefix; the call's win. */
function named(...given: readonly (ValueMap | undefined)[]): ValueMap {
  const found: ValueMap = {};
  for (const options of given) {
    for (const key in options) {
      const prefix = PREFIXES.find((start) => key.startsWith(start));
      if (prefix !== undefined) found[key.slice(prefix.length)] = options[key];
    }
  }
  return plainMap(found as LuaValue) ?? {};
}

/** Whether a call that is given up still waits for the activity's end; wrong options wait for nothing. */
export function waitsForCancellation(preset: ValueMap | undefined, given: ValueMap | undefined): boolean {
  return named(preset, given)["wait_for_cancellation"] === true;
}

/** Options of a function's entry and of a call, read; Invalid, with the name, for what can't be one. */
export function activityOptions(preset: ValueMap | undefined, given: ValueMap | undefined): ActivityOptions {
  const options = named(preset, given);
  const unknown = Object.keys(options).find((name) => !OPTIONS.has(name));
  if (unknown !== undefined) {
    throw invalid(`unknown option activity.${unknown}; there are ${[...OPTIONS].join(", ")}`);
  }
  // Accepted and checked: nothing is started ahead of its record, and a worker that lives is known to live.
  flag(options, "disable_eager_execution");
  duration(options, "heartbeat_timeout", Infinity);
  text(options, "versioning_intent");
  return {
    startToCloseMs: duration(options, "start_to_close_timeout", START_TO_CLOSE_MS),
    scheduleToCloseMs: duration(options, "schedule_to_close_timeout", Infinity),
    scheduleToStartMs: duration(options, "schedule_to_start_timeout", Infinity),
    id: text(options, "id"),
    taskQueue: text(options, "task_queue"),
    summary: text(options, "summary"),
    priority: priority(options["priority"]),
    waitsForCancellation: flag(options, "wait_for_cancellation"),
    retry: retryPolicy(options["retry_policy"]),
  };
}

const OPTIONS: ReadonlySet<string> = new Set([
  "start_to_close_timeout",
  "schedule_to_close_timeout",
  "schedule_to_start_timeout",
  "heartbeat_timeout",
  "id",
  "task_queue",
  "wait_for_cancellation",
  "disable_eager_execution",
  "retry_policy",
  "summary",
  "priority",
  "versioning_intent",
]);

const POLICY_FIELDS: ReadonlySet<string> = new Set([
  "initial_interval",
  "backoff_coefficient",
  "maximum_interval",
  "maximum_attempts",
  "non_retryable_error_types",
]);

function isAbsent(value: Value): value is null | undefined {
  return value === undefined || value === null;
}

/** A text such as `10s`, or milliseconds; 0 counts as not given. */
function duration(options: ValueMap, name: string, absent: number): number {
  const value = options[name];
  if (isAbsent(value) || value === 0) return absent;
  const ms = typeof value === "string" ? durationMs(value, `activity.${name}`) : value;
  if (typeof ms === "number" && Number.isFinite(ms) && ms > 0) return ms;
  throw invalid(`activity.${name} must be a duration such as "10s", or milliseconds`);
}

function text(options: ValueMap, name: string): string {
  const value = options[name];
  if (isAbsent(value)) return "";
  if (typeof value === "string") return value;
  throw invalid(`activity.${name} must be a string`);
}

function flag(options: ValueMap, name: string): boolean {
  const value = options[name];
  if (isAbsent(value)) return false;
  if (typeof value === "boolean") return value;
  throw invalid(`activity.${name} must be a boolean`);
}

/** A number, or a table with it as `priority_key`. */
function priority(value: Value): number {
  if (isAbsent(value)) return PRIORITY_DEFAULT;
  const key = isValueMap(value) ? value["priority_key"] ?? PRIORITY_DEFAULT : value;
  if (typeof key === "number" && Number.isInteger(key) && key >= 1) return key;
  throw invalid(
    "activity.priority must be a whole number from 1, which comes first, or a table with it as priority_key",
  );
}

function retryPolicy(value: Value): RetryPolicy | undefined {
  if (isAbsent(value)) return undefined;
  const isEmptyList = Array.isArray(value) && value.length === 0;
  if (!isValueMap(value) && !isEmptyList) throw invalid("activity.retry_policy must be a table");
  const policy = isEmptyList ? {} : value as ValueMap;
  const path = (field: string): string => `retry_policy.${field}`;
  const unknown = Object.keys(policy).find((field) => !POLICY_FIELDS.has(field));
  if (unknown !== undefined) {
    throw invalid(`unknown field activity.${path(unknown)}; there are ${[...POLICY_FIELDS].join(", ")}`);
  }
  const at = (field: string, absent: number): number =>
    duration({ [path(field)]: policy[field] }, path(field), absent);
  const initialMs = at("initial_interval", RETRY_INITIAL_MS);
  const intervalMsMax = at("maximum_interval", initialMs * RETRY_GROWTH_MAX);
  if (intervalMsMax < initialMs) {
    throw invalid("activity.retry_policy.maximum_interval is shorter than initial_interval");
  }
  return {
    initialMs,
    intervalMsMax,
    factor: factor(policy["backoff_coefficient"]),
    attemptsMax: attempts(policy["maximum_attempts"]),
    finalKinds: kinds(policy["non_retryable_error_types"]),
  };
}

function factor(value: Value): number {
  if (isAbsent(value)) return RETRY_FACTOR;
  if (typeof value === "number" && Number.isFinite(value) && value >= 1) return value;
  throw invalid("activity.retry_policy.backoff_coefficient must be a number from 1");
}

function attempts(value: Value): number {
  if (isAbsent(value) || value === 0) return Infinity;
  if (typeof value === "number" && Number.isInteger(value) && value > 0) return value;
  throw invalid("activity.retry_policy.maximum_attempts must be a whole number; 0 is unlimited");
}

function kinds(value: Value): readonly string[] {
  if (isAbsent(value) || isValueMap(value) && Object.keys(value).length === 0) return [];
  if (Array.isArray(value) && value.every((kind) => typeof kind === "string")) return value as string[];
  throw invalid("activity.retry_policy.non_retryable_error_types must be a list of error kinds");
}

/** Whether an attempt that failed with `error` is followed by another; `isTimeout` when it took too long. */
export function retriesActivity(
  policy: RetryPolicy | undefined,
  attempt: number,
  error: LuaError,
  isTimeout: boolean,
): policy is RetryPolicy {
  if (policy === undefined || attempt >= policy.attemptsMax || policy.finalKinds.includes(error.kind)) {
    return false;
  }
  return isTimeout || error.retryable !== false && error.kind !== "Canceled";
}

/** The wait after attempt number `attempt`. */
export function intervalMs(policy: RetryPolicy, attempt: number): number {
  return Math.min(policy.intervalMsMax, policy.initialMs * policy.factor ** (attempt - 1));
}
