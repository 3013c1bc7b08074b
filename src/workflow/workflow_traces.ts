/**
 * What workflows are in traces: their starts, the messages they take, their activities and their ends.
 *
 * T1. What is recorded of a start is its place in a trace, as headers tell of it: later runs of the program go on from there.
 * T2. Nothing that is done again, because a history is replayed, is told again.
 */
import { type CallResult, failureOf, type LuaRuntime } from "../lua/mod.ts";
import type { Span, SpanAttributes, TraceContext, Tracing } from "../ports/mod.ts";
import type { WorkflowRow } from "./journal.ts";
import { runIdOf } from "./seed.ts";
import { type TraceHeaders, traceOf } from "./workflow_rows.ts";

/** The name by which a workflow is known. */
export function typeOf(runtime: LuaRuntime, entry: string): string {
  return runtime.programs.definition(entry)?.temporal?.workflow?.name ?? entry;
}

/** What traces the workflows of a runtime; undefined when nothing does. */
export function tracesOf(runtime: LuaRuntime): WorkflowTraces | undefined {
  const { tracing } = runtime.services;
  return tracing?.sources.workflows === true ? new WorkflowTraces(runtime, tracing) : undefined;
}

/** Tells of workflows. */
export class WorkflowTraces {
  readonly #runtime: LuaRuntime;
  readonly #tracing: Tracing;

  constructor(runtime: LuaRuntime, tracing: Tracing) {
    this.#runtime = runtime;
    this.#tracing = tracing;
  }

  /** A workflow is started; where in the trace it is from then on. */
  started(row: WorkflowRow, by: TraceContext | undefined): TraceHeaders {
    const span = this.#span(row, by, { "workflow.event": "started" });
    span.end();
    const headers: Record<string, string> = {};
    this.#tracing.inject(span.context, (name, value) => headers[name] = value);
    return headers;
  }

  /** It has taken a message. */
  message(row: WorkflowRow, topic: string): void {
    this.#span(row, this.placeOf(row), { "workflow.event": "message", "message.topic": topic }).end();
  }

  /** An activity begins; by its id, as who calls it names it. */
  activity(row: WorkflowRow, target: string): Span {
    return this.#tracing.start(target, "internal", this.placeOf(row), this.#attributes(row));
  }

  /** It is over. */
  ended(row: WorkflowRow, result: CallResult): void {
    const span = this.#span(row, this.placeOf(row), { "workflow.event": "ended" });
    span.end(result.ok ? undefined : failureOf(result.error));
  }

  /** Where in its trace a workflow is; undefined when it was started untraced. */
  placeOf(row: WorkflowRow): TraceContext | undefined {
    const headers = traceOf(row);
    return headers === undefined ? undefined : this.#tracing.extract((name) => headers[name]);
  }

  #span(row: WorkflowRow, place: TraceContext | undefined, attributes: SpanAttributes): Span {
    const name = typeOf(this.#runtime, row.entry);
    return this.#tracing.start(name, "internal", place, { ...this.#attributes(row), ...attributes });
  }

  #attributes(row: WorkflowRow): SpanAttributes {
    return { "workflow.id": row.workflowId, "run.id": runIdOf(this.#runtime.services.ports, row) };
  }
}
