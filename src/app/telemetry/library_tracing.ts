/** Spans of the library of OpenTelemetry, and places in traces as it knows them. */
import {
  type Context,
  ROOT_CONTEXT,
  type Span as LibrarySpan,
  SpanKind as LibraryKind,
  SpanStatusCode,
  trace as library,
  type Tracer,
} from "@opentelemetry/api";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import type { Failure } from "../../core/mod.ts";
import type { Span, SpanAttributes, SpanKind, TraceContext, TraceSources, Tracing } from "../../ports/mod.ts";

const KINDS: Readonly<Record<SpanKind, LibraryKind>> = {
  internal: LibraryKind.INTERNAL,
  server: LibraryKind.SERVER,
  consumer: LibraryKind.CONSUMER,
};

/** A place in a trace, with what the library carries along. */
class Place implements TraceContext {
  readonly context: Context;

  constructor(context: Context) {
    this.context = context;
  }

  get traceId(): string {
    return library.getSpanContext(this.context)!.traceId;
  }

  get spanId(): string {
    return library.getSpanContext(this.context)!.spanId;
  }
}

class TracedSpan implements Span {
  readonly context: Place;
  readonly #span: LibrarySpan;

  constructor(span: LibrarySpan, parent: Context) {
    this.#span = span;
    this.context = new Place(library.setSpan(parent, span));
  }

  set(attributes: SpanAttributes): void {
    this.#span.setAttributes(attributes);
  }

  end(failure?: Pick<Failure, "kind" | "message">): void {
    if (failure !== undefined) {
      this.#span.setAttribute("error.type", failure.kind);
      this.#span.setStatus({ code: SpanStatusCode.ERROR, message: failure.message });
    }
    this.#span.end();
  }
}

/** Tracing by a tracer of the library. */
export class LibraryTracing implements Tracing {
  readonly sources: TraceSources;
  readonly #tracer: Tracer;
  readonly #propagator: CompositePropagator;

  constructor(sources: TraceSources, tracer: Tracer, propagator: CompositePropagator) {
    this.sources = sources;
    this.#tracer = tracer;
    this.#propagator = propagator;
  }

  start(name: string, kind: SpanKind, parent: TraceContext | undefined, attributes: SpanAttributes): Span {
    const context = parent instanceof Place ? parent.context : ROOT_CONTEXT;
    return new TracedSpan(this.#tracer.startSpan(name, { kind: KINDS[kind], attributes }, context), context);
  }

  extract(read: (name: string) => string | undefined): TraceContext | undefined {
    const context = this.#propagator.extract(ROOT_CONTEXT, read, {
      keys: () => [],
      get: (from, key) => from(key),
    });
    return library.getSpanContext(context) === undefined ? undefined : new Place(context);
  }

  inject(place: TraceContext, write: (name: string, value: string) => void): void {
    if (!(place instanceof Place)) return;
    this.#propagator.inject(place.context, write, { set: (to, key, value) => to(key, value) });
  }
}

/** What reads and writes the headers of these formats. */
export function propagatorOf(names: readonly string[]): CompositePropagator {
  return new CompositePropagator({
    propagators: names.map((name) =>
      name === "baggage" ? new W3CBaggagePropagator() : new W3CTraceContextPropagator()
    ),
  });
}
