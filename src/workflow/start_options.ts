/**
 * What a start of a workflow may say beside its input: `temporal.workflow.*` options of a spawner, also written `workflow.*`.
 *
 * Owns names, units and defaults of the options; what they lead to belongs to `Namespace` and `Run`.
 */
import { Failure, nearestName, parseDurationNs, schema, type Value } from "../core/mod.ts";
import { plainValue, type WorkflowAttributes, workflowAttributes } from "../lua/mod.ts";
import type { LuaValue } from "../vm/mod.ts";
import { CronSchedule } from "./cron_schedule.ts";

/** What a start does when its id is that of a workflow that runs. */
const CONFLICT_POLICIES = ["use_existing", "fail", "terminate_existing"] as const;
/** Whether a start may take the id of a workflow that has ended. */
const REUSE_POLICIES = ["allow_duplicate", "allow_duplicate_failed_only", "reject_duplicate"] as const;
/** What becomes of a child when the run that started it is over. */
const CLOSE_POLICIES = ["terminate", "abandon", "request_cancel"] as const;

const PREFIXES = ["temporal.workflow.", "workflow."] as const;

/** Defaults of a retry policy; the longest wait is a multiple of the first. */
const RETRY_INITIAL_MS = 1_000;
const RETRY_COEFFICIENT = 2;
const RETRY_LONGEST_FACTOR = 100;

/** Longest that one task may take unless the start says otherwise. */
const TASK_MS = 10_000;

/** How often and when a failed run is followed by another. */
export interface RetryPolicy {
  readonly initialMs: number;
  readonly coefficient: number;
  readonly longestMs: number;
  /** 0 for no limit. */
  readonly attemptsMax: number;
  /** Kinds of errors that end the workflow. */
  readonly finalKinds: readonly string[];
}

/** What of the options is kept with the workflow. Times are milliseconds; 0 is no limit. */
export interface KeptOptions {
  readonly executionMs: number;
  readonly runMs: number;
  readonly taskMs: number;
  readonly retry: RetryPolicy | null;
  /** "" for none. */
  readonly cron: string;
  readonly closePolicy: typeof CLOSE_POLICIES[number];
  readonly waitForCancellation: boolean;
  readonly summary: string;
  readonly details: string;
}

/** What a start says. */
export interface StartOptions {
  /** "" for none. */
  readonly id: string;
  readonly conflict: typeof CONFLICT_POLICIES[number];
  readonly reuse: typeof REUSE_POLICIES[number];
  /** "" for that of the worker it was started on. */
  readonly taskQueue: string;
  /** "" for that of the client. */
  readonly namespace: string;
  readonly delayMs: number;
  readonly attributes: WorkflowAttributes;
  readonly kept: KeptOptions;
}

/** A duration, as text or as a number of milliseconds. */
const MILLISECONDS: schema.Field<number> = {
  type: "duration",
  decode(value, { path }) {
    if (value === null || value === undefined) return 0;
    const ms = typeof value === "string"
      ? (parseDurationNs(value) ?? NaN) / 1e6
      : typeof value === "number"
      ? value
      : NaN;
    if (ms >= 0 && ms < Infinity) return ms;
    const message = `${path}: expected a duration such as "30s" or "1h", or a number of milliseconds, got ${
      JSON.stringify(value)
    }`;
    throw new Failure("Invalid", message, { retryable: false, details: { path } });
  },
};

const ATTRIBUTES = schema.map(schema.any());

const FIELDS = {
  id: schema.string({ default: "" }),
  task_queue: schema.string({ default: "" }),
  execution_timeout: MILLISECONDS,
  run_timeout: MILLISECONDS,
  task_timeout: MILLISECONDS,
  id_conflict_policy: schema.optional(schema.oneOf(CONFLICT_POLICIES)),
  id_reuse_policy: schema.oneOf(REUSE_POLICIES, { default: "allow_duplicate" }),
  execution_error_when_already_started: schema.boolean({ default: false }),
  retry_policy: schema.optional(schema.object({
    initial_interval: MILLISECONDS,
    backoff_coefficient: schema.number({ default: RETRY_COEFFICIENT, min: 1 }),
    maximum_interval: MILLISECONDS,
    maximum_attempts: schema.integer({ default: 0, min: 0 }),
    non_retryable_error_types: schema.list(schema.string()),
  })),
  cron_schedule: schema.string({ default: "" }),
  memo: ATTRIBUTES,
  search_attributes: ATTRIBUTES,
  typed_search_attributes: ATTRIBUTES,
  // Whatever starts here starts at once.
  enable_eager_start: schema.boolean({ default: false }),
  start_delay: MILLISECONDS,
  parent_close_policy: schema.oneOf(CLOSE_POLICIES, { default: "terminate" }),
  wait_for_cancellation: schema.boolean({ default: false }),
  namespace: schema.string({ default: "" }),
  static_summary: schema.string({ default: "" }),
  static_details: schema.string({ default: "" }),
  // What decides between many workers and their builds has nothing to decide in one program.
  priority: schema.any(),
  versioning_override: schema.any(),
  versioning_intent: schema.any(),
};
const OPTIONS = schema.object(FIELDS);

/** What is kept of a start that says nothing. */
const KEPT_DEFAULTS: KeptOptions = {
  executionMs: 0,
  runMs: 0,
  taskMs: TASK_MS,
  retry: null,
  cron: "",
  closePolicy: "terminate",
  waitForCancellation: false,
  summary: "",
  details: "",
};

/** The kept options of a workflow's row. */
export function keptOptions(json: string): KeptOptions {
  return { ...KEPT_DEFAULTS, ...JSON.parse(json) as Partial<KeptOptions> };
}

/** The options of a start; Invalid names the first that is wrong. `name` is an id when there is no other. */
export function startOptions(options: Readonly<Record<string, Value>>, name: string): StartOptions {
  const decoded = OPTIONS.decode(ownOptions(options), { path: "temporal.workflow", ns: "", references: [] });
  const { cron_schedule: cron, retry_policy: retry } = decoded;
  if (cron !== "") new CronSchedule(cron);
  const isStrict = decoded.execution_error_when_already_started &&
    decoded.id_conflict_policy !== "terminate_existing";
  return {
    id: decoded.id || name,
    conflict: isStrict ? "fail" : decoded.id_conflict_policy ?? "use_existing",
    reuse: decoded.id_reuse_policy,
    taskQueue: decoded.task_queue,
    namespace: decoded.namespace,
    delayMs: decoded.start_delay,
    attributes: workflowAttributes(
      { ...decoded.search_attributes, ...decoded.typed_search_attributes },
      decoded.memo,
      { search: "temporal.workflow.search_attributes", memo: "temporal.workflow.memo" },
    ),
    kept: {
      executionMs: decoded.execution_timeout,
      runMs: decoded.run_timeout,
      taskMs: decoded.task_timeout || TASK_MS,
      retry: retry === undefined ? null : retryPolicy(retry),
      cron,
      closePolicy: decoded.parent_close_policy,
      waitForCancellation: decoded.wait_for_cancellation,
      summary: decoded.static_summary,
      details: decoded.static_details,
    },
  };
}

type WrittenRetry = NonNullable<ReturnType<typeof OPTIONS.decode>["retry_policy"]>;

function retryPolicy(written: WrittenRetry): RetryPolicy {
  const initialMs = written.initial_interval || RETRY_INITIAL_MS;
  return {
    initialMs,
    coefficient: written.backoff_coefficient,
    longestMs: written.maximum_interval || initialMs * RETRY_LONGEST_FACTOR,
    attemptsMax: written.maximum_attempts,
    finalKinds: written.non_retryable_error_types,
  };
}

/** The options that are about workflows, without prefix and as plain data. */
function ownOptions(options: Readonly<Record<string, Value>>): Record<string, Value> {
  const own: Record<string, Value> = {};
  for (const [key, value] of Object.entries(options)) {
    const prefix = PREFIXES.find((one) => key.startsWith(one));
    if (prefix === undefined) continue;
    const field = key.slice(prefix.length);
    if (!Object.hasOwn(FIELDS, field)) {
      const near = nearestName(field, Object.keys(FIELDS));
      const hint = near === undefined ? "" : `; did you mean ${prefix}${near}?`;
      throw new Failure("Invalid", `unknown workflow option ${key}${hint}`, { retryable: false });
    }
    const plain = plainValue(value as LuaValue);
    // An empty table of Lua is a list here, and every table among the options has names.
    own[field] = Array.isArray(plain) && plain.length === 0 ? {} : plain;
  }
  return own;
}

/** Whether a start says that who waits for its end goes on waiting when it is cancelled. */
export function startWaitsForCancellation(options: Readonly<Record<string, Value>>): boolean {
  return PREFIXES.some((prefix) => options[`${prefix}wait_for_cancellation`] === true);
}
