/** Traces of what runs: spans that know what they belong to, sent to a collector. */
import type { Failure } from "../core/mod.ts";
import { defineResource } from "./resource.ts";

/** A place in a trace: what starts inside of it belongs to it. Ids are in hexadecimal digits. */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
}

/** What a span has to do with others outside of the program. */
export type SpanKind = "internal" | "server" | "consumer";

/** Facts about a span, by their names in the conventions of OpenTelemetry. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** Something that takes time. */
export interface Span {
  readonly context: TraceContext;
  set(attributes: SpanAttributes): void;
  /** Ends it, well or with what went wrong; once. */
  end(failure?: Pick<Failure, "kind" | "message">): void;
}

/** What is traced. */
export interface TraceSources {
  readonly http: { readonly enabled: boolean; readonly extracts: boolean; readonly injects: boolean };
  /** Calls of functions. */
  readonly calls: boolean;
  /** Whether processes belong to the trace of who started them, and whether starts and ends are told. */
  readonly processes: { readonly enabled: boolean; readonly lifecycle: boolean };
  readonly queues: boolean;
  /** Starts, messages, activities and ends. */
  readonly workflows: boolean;
}

/** Makes spans. */
export interface Tracing {
  readonly sources: TraceSources;
  /** Begins a span inside of `parent`; without one it begins a trace. */
  start(name: string, kind: SpanKind, parent: TraceContext | undefined, attributes: SpanAttributes): Span;
  /** The place in a trace that headers tell of; `read` gives a header by its name in small letters. */
  extract(read: (name: string) => string | undefined): TraceContext | undefined;
  /** Tells of a place in headers. */
  inject(context: TraceContext, write: (name: string, value: string) => void): void;
}

/** Resource type of the one that traces; it stands at `TRACING_ID`, when anything is traced. */
export const TracingResource = defineResource<Tracing>("tracing");
/** Where it is found. No entry can have this id, for it has no namespace. */
export const TRACING_ID = "tracing";
