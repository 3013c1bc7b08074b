/**
 * `worker_options` of a `temporal.worker`.
 *
 * A worker on a journal of its own has no server to poll, no sessions and one build: what speaks of those is checked and has no effect.
 */
import { ACTIVITIES_RUNNING_DEFAULT, schema } from "../core/mod.ts";

/** Most executions of a kind at once. */
function size(what: string, absent = 1000) {
  return schema.integer({ default: absent, min: 0, doc: `Most ${what} at once; 0 stands for the default.` });
}

function pollers(what: string) {
  return schema.integer({ default: 20, min: 0, doc: `Pollers of ${what}; there is nothing to poll here.` });
}

function rate(doc: string) {
  return schema.number({ default: 0, min: 0, doc: `${doc}; 0 is unlimited.` });
}

/** A switch that is off. */
function off(doc: string) {
  return schema.boolean({ default: false, doc });
}

/** Options of a worker. */
export const WORKER_OPTIONS = schema.object({
  identity: schema.string({ default: "", doc: "Name of the worker in what is told of its service." }),
  max_concurrent_activity_execution_size: size("activities", ACTIVITIES_RUNNING_DEFAULT),
  max_concurrent_workflow_task_execution_size: size("steps of workflows"),
  max_concurrent_local_activity_execution_size: size("local activities, which run as others do"),
  max_concurrent_session_execution_size: size("sessions"),
  max_concurrent_eager_activity_execution_size: size("activities started ahead of their record", 0),
  max_concurrent_activity_task_pollers: pollers("activities"),
  max_concurrent_workflow_task_pollers: pollers("workflows"),
  worker_activities_per_second: rate("Activities that this worker begins per second"),
  worker_local_activities_per_second: rate(
    "As worker_activities_per_second, for local ones, which run as others do",
  ),
  task_queue_activities_per_second: rate("Activities that all workers of its queue begin per second"),
  sticky_schedule_to_start_timeout: schema.duration({
    default: 5000,
    doc: "Bound of how long a server waits for the worker that has a workflow in memory.",
  }),
  worker_stop_timeout: schema.duration({
    default: 0,
    doc: "Bound of how long a server's client waits for activities at its end.",
  }),
  deadlock_detection_timeout: schema.duration({
    default: 0,
    doc: "Bound of how long a step may compute for a server.",
  }),
  max_heartbeat_throttle_interval: schema.duration({
    default: 0,
    doc: "Longest interval in which heartbeats are sent to a server.",
  }),
  default_heartbeat_throttle_interval: schema.duration({
    default: 0,
    doc: "Usual interval in which heartbeats are sent to a server.",
  }),
  enable_logging_in_replay: off("Log while the past is repeated."),
  enable_session_worker: off("Run sessions."),
  disable_workflow_worker: off("Run activities only."),
  local_activity_worker_only: off("Run workflows and local activities only."),
  disable_eager_activities: off("Start no activity ahead of its record."),
  disable_registration_aliasing: off("Know entries by their registered names only."),
  deployment_name: schema.string({ default: "", doc: "Deployment that the worker belongs to." }),
  build_id: schema.string({ default: "", doc: "Build of the worker's code." }),
  use_versioning: off("Tell workflows of different builds apart."),
  default_versioning_behavior: schema.oneOf(["", "pinned", "auto_upgrade"], {
    default: "",
    doc: "Whether a run stays with the build it began on.",
  }),
});
