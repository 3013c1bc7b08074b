/** What `meta.temporal` says of an entry: the worker that runs it as an activity, or as a workflow, and under which name. */
import { Failure, isValueMap, resolveEntryId, type Value, type ValueMap } from "../core/mod.ts";
import type { Entry } from "../registry/mod.ts";

/** An entry that workflows may call. */
export interface ActivityRole {
  /** Id of the worker. */
  readonly worker: string;
  /** Accepted and of no effect. */
  readonly isLocal: boolean;
}

/** A workflow that says where it runs. */
export interface WorkflowRole {
  readonly worker: string;
  /** Its type: the id of the entry unless it has a name of its own. */
  readonly name: string;
}

/** The roles of an entry. */
export interface TemporalRoles {
  readonly activity?: ActivityRole;
  readonly workflow?: WorkflowRole;
}

const NO_ROLES: TemporalRoles = {};

const ACTIVITY_KINDS = ["function.lua", "process.lua"];
const WORKFLOW_KINDS = ["workflow.lua"];

/** The roles of an entry of `kind` in namespace `ns`; Invalid, with the field, for what can't be one. */
export function temporalRoles(entry: Entry, kind: string, ns: string): TemporalRoles {
  const temporal = entry.meta["temporal"];
  if (temporal === undefined || temporal === null) return NO_ROLES;
  if (!isValueMap(temporal)) throw invalid("meta.temporal: expected a map");
  const activity = roleOf(temporal, "activity", kind, ACTIVITY_KINDS);
  const workflow = roleOf(temporal, "workflow", kind, WORKFLOW_KINDS);
  return {
    ...(activity === undefined ? {} : {
      activity: { worker: worker(activity, "activity", ns), isLocal: isLocal(activity["local"]) },
    }),
    ...(workflow === undefined ? {} : {
      workflow: { worker: worker(workflow, "workflow", ns), name: nameOf(workflow["name"], entry.id) },
    }),
  };
}

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

function roleOf(
  temporal: ValueMap,
  role: string,
  kind: string,
  kinds: readonly string[],
): ValueMap | undefined {
  const value = temporal[role];
  if (value === undefined || value === null) return undefined;
  const path = `meta.temporal.${role}`;
  if (!isValueMap(value)) throw invalid(`${path}: expected a map`);
  if (!kinds.includes(kind)) throw invalid(`${path}: a ${kind} can't be one; ${kinds.join(" or ")} can`);
  return value;
}

function worker(role: ValueMap, name: string, ns: string): string {
  const written = role["worker"];
  if (typeof written === "string" && written !== "") return resolveEntryId(written, ns);
  throw invalid(`meta.temporal.${name}.worker is required: the id of a temporal.worker`);
}

function isLocal(value: Value): boolean {
  if (value === undefined || value === null || typeof value === "boolean") return value === true;
  throw invalid("meta.temporal.activity.local: expected a boolean");
}

function nameOf(value: Value, id: string): string {
  if (value === undefined || value === null || value === "") return id;
  if (typeof value === "string") return value;
  throw invalid("meta.temporal.workflow.name: expected a string");
}
