/** The `lifecycle` block of an entry: when its service starts, how it is restarted, under which identity it runs. */
import { isValueMap, parseEntryId, resolveEntryId, schema, type Value, type ValueMap } from "../core/mod.ts";
import { type Actor, EMPTY_FRAME, type Frame, type Lifecycle, type SecurityDirectory } from "../ports/mod.ts";
import type { Entry } from "./entry.ts";

const SECURITY = schema.object({
  actor: schema.optional(schema.object({
    id: schema.string({ default: "", doc: "Identity of the service." }),
    meta: schema.map(schema.any()),
  })),
  policies: schema.list(schema.string()),
  groups: schema.list(schema.string()),
});

/** Configuration of a `lifecycle` block; durations in milliseconds. */
export const LIFECYCLE_CONFIG = schema.object({
  auto_start: schema.boolean({ default: false, doc: "Start with the supervisor." }),
  startup: schema.oneOf<"required" | "optional">(["required", "optional"], {
    default: "required",
    doc: "Whether boot fails with it.",
  }),
  start_timeout: schema.duration({ default: 10_000, doc: "Limit for starting." }),
  stop_timeout: schema.duration({ default: 10_000, doc: "Limit for stopping in good order." }),
  stable_threshold: schema.duration({
    default: 5_000,
    doc: "Time after which retries count from zero again.",
  }),
  requires: schema.list(schema.reference()),
  depends_on: schema.list(schema.reference()),
  restart: schema.object({
    initial_delay: schema.duration({ default: 1_000 }),
    max_delay: schema.duration({ default: 90_000 }),
    backoff_factor: schema.number({ default: 2, min: 1 }),
    jitter: schema.number({ default: 0.1, min: 0, max: 1 }),
    max_attempts: schema.integer({ default: 0, min: 0, doc: "0 is unlimited." }),
  }),
  security: schema.optional(SECURITY),
});

/** Decodes a `lifecycle` block written in namespace `ns`; absent means the defaults. */
export function decodeLifecycle(value: Value, ns: string): Lifecycle {
  const config = LIFECYCLE_CONFIG.decode(value, { path: "lifecycle", ns, references: [] });
  const { restart, security } = config;
  return {
    autoStart: config.auto_start,
    startup: config.startup,
    startTimeoutMs: config.start_timeout,
    stopTimeoutMs: config.stop_timeout,
    stableThresholdMs: config.stable_threshold,
    requires: [...new Set([...config.requires, ...config.depends_on])],
    restart: {
      initialDelayMs: restart.initial_delay,
      maxDelayMs: restart.max_delay,
      backoffFactor: restart.backoff_factor,
      jitter: restart.jitter,
      maxAttempts: restart.max_attempts,
    },
    ...(security === undefined ? {} : {
      security: {
        actor: security.actor as Actor | undefined,
        policies: security.policies.map((id) => resolveEntryId(id, ns)),
        groups: security.groups.map((id) => resolveEntryId(id, ns)),
      },
    }),
  };
}

/**
 * The frame in which the code of an entry's service runs: the actor and the scope of its `lifecycle.security`. Unknown policies
 * and groups are skipped; when none resolves the scope is missing. Without the block the frame is empty.
 */
export function frameOfLifecycle(entry: Entry, security: SecurityDirectory): Frame {
  const block = entry.data["lifecycle"];
  const written = isValueMap(block) ? (block as ValueMap)["security"] : undefined;
  if (!isValueMap(written)) return EMPTY_FRAME;
  const { ns } = parseEntryId(entry.id);
  const config = SECURITY.decode(written, { path: "lifecycle.security", ns, references: [] });
  const policies = config.policies.map((id) => resolveEntryId(id, ns));
  const groups = config.groups.map((id) => resolveEntryId(id, ns));
  return {
    ...EMPTY_FRAME,
    actor: config.actor === undefined ? null : { id: config.actor.id, meta: config.actor.meta },
    scope: security.scope(policies, groups),
  };
}
