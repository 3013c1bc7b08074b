/** Workflows as rows of the journal, and what comes back out of them. */
import { isValueMap, type Value } from "../core/mod.ts";
import type { ProvidedStart } from "../lua/mod.ts";
import { EMPTY_FRAME, type Frame, type SecurityDirectory } from "../ports/mod.ts";
import type { Greeting } from "./effects.ts";
import type { WorkflowRow } from "./journal.ts";
import type { StartOptions } from "./start_options.ts";
import { firstRunMs } from "./succession.ts";

/** A place in a trace, by the names of headers. */
export type TraceHeaders = Readonly<Record<string, string>>;

/** What of a frame outlives the program. */
interface StoredFrame {
  readonly values: Readonly<Record<string, Value>>;
  readonly network: string;
  readonly actor: Frame["actor"];
  readonly policies: readonly string[] | null;
  /** Absent when it was started untraced. */
  readonly trace?: TraceHeaders;
}

/** Who a new workflow is. */
export type Identity = Pick<WorkflowRow, "serial" | "seed" | "worker" | "parent" | "parentRun" | "startedMs">;

/** The row of a new workflow; `ownId` is what it is known by when nobody says. */
export function newRow(
  start: ProvidedStart,
  { delayMs, id, kept }: StartOptions,
  identity: Identity,
  ownId: string,
): WorkflowRow {
  const { actor, network, scope, values } = start.frame;
  const frame: StoredFrame = { values, network, actor, policies: scope?.policies ?? null };
  const firstMs = firstRunMs(kept, identity.startedMs, delayMs);
  const messages = start.messages.map(({ topic, values: bytes }) => [topic, bytes.toBase64()]);
  return {
    ...identity,
    entry: start.entryId,
    name: start.name,
    args: start.args.slice(),
    frame: JSON.stringify(frame),
    workflowId: id === "" ? ownId : id,
    options: JSON.stringify(kept),
    messages: JSON.stringify(messages),
    firstMs,
    run: 1,
    attempt: 1,
    runMs: firstMs,
  };
}

/** The same workflow at a place in a trace. */
export function tracedRow(row: WorkflowRow, trace: TraceHeaders): WorkflowRow {
  return { ...row, frame: JSON.stringify({ ...JSON.parse(row.frame) as StoredFrame, trace }) };
}

/** Where in a trace a workflow was started. */
export function traceOf({ frame }: WorkflowRow): TraceHeaders | undefined {
  return (JSON.parse(frame) as StoredFrame).trace;
}

/** The frame that a workflow runs in. */
export function frameOf({ frame }: WorkflowRow, security: SecurityDirectory): Frame {
  const { actor, network, policies, values } = JSON.parse(frame) as StoredFrame;
  return {
    ...EMPTY_FRAME,
    values: isValueMap(values) ? values : {},
    network,
    actor,
    scope: policies === null ? null : security.scopeOf(policies),
  };
}

/** The messages that each run begins with. */
export function greetingOf({ messages }: WorkflowRow): Greeting {
  return (JSON.parse(messages) as [string, string][]).map(([topic, values]) => ({
    topic,
    values: Uint8Array.fromBase64(values),
  }));
}
