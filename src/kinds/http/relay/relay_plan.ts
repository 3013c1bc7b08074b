/** What a handler asks of a relay in `X-WS-Relay` or `X-SSE-Relay`, and later in control messages. */
import {
  Failure,
  isValueMap,
  parseDurationNs,
  parsePid,
  type Value,
  type ValueMap,
} from "../../../core/mod.ts";

/** Heartbeat unless asked otherwise. */
const HEARTBEAT_MS = 30_000;

/** A relay's settings. Times in milliseconds, 0 for none. */
export interface RelayPlan {
  /** Pid text, "" for none. */
  readonly target: string;
  readonly messageTopic: string;
  readonly heartbeatMs: number;
  readonly idleMs: number;
  readonly hardMs: number;
  readonly metadata: ValueMap;
}

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

/** The fields in a JSON text. */
export function parseRelayFields(text: string): ValueMap {
  let fields: Value;
  try {
    fields = JSON.parse(text) as Value;
  } catch (error) {
    throw invalid(`Invalid relay configuration: ${(error as Error).message}`);
  }
  // An empty Lua table may have become a list.
  if (Array.isArray(fields) && fields.length === 0) return {};
  if (!isValueMap(fields)) throw invalid("Invalid relay configuration: expected an object");
  return fields;
}

function textField(fields: ValueMap, name: string, fallback: string): string {
  const value = fields[name];
  if (value === undefined || value === null) return fallback;
  if (typeof value !== "string") throw invalid(`Invalid relay configuration: ${name} must be text`);
  return value;
}

function durationField(fields: ValueMap, name: string, fallbackMs: number): number {
  const value = fields[name];
  if (value === undefined || value === null || value === "") return fallbackMs;
  const ns = typeof value === "number"
    ? value
    : typeof value === "string"
    ? parseDurationNs(value)
    : undefined;
  if (ns === undefined || ns < 0) {
    throw invalid(`Invalid relay configuration: ${name} must be a duration such as 30s`);
  }
  return ns / 1e6;
}

/** The plan that `fields` make of `base`: what they leave out stays. A target that is no pid is Invalid. */
export function planRelay(fields: ValueMap, base: RelayPlan): RelayPlan {
  const target = textField(fields, "target_pid", base.target);
  if (target !== "" && parsePid(target) === undefined) throw invalid(`Invalid target PID: ${target}`);
  const metadata = fields["metadata"];
  return {
    target,
    messageTopic: textField(fields, "message_topic", base.messageTopic) || base.messageTopic,
    heartbeatMs: durationField(fields, "heartbeat_interval", base.heartbeatMs),
    idleMs: durationField(fields, "idle_timeout", base.idleMs),
    hardMs: durationField(fields, "hard_timeout", base.hardMs),
    metadata: isValueMap(metadata) ? metadata : base.metadata,
  };
}

/** The plan of a relay that was asked for nothing. */
export function defaultRelayPlan(messageTopic: string): RelayPlan {
  return { target: "", messageTopic, heartbeatMs: HEARTBEAT_MS, idleMs: 0, hardMs: 0, metadata: {} };
}
