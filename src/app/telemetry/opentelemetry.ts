/**
 * Tracing by the library of OpenTelemetry.
 *
 * OT1. Spans are sent in batches, beside the work. A collector that does not answer costs their loss and a warning, and at the end of the
 *      program a bounded wait.
 */
import {
  type Context,
  diag,
  DiagLogLevel,
  ROOT_CONTEXT,
  type Span as LibrarySpan,
  SpanKind as LibraryKind,
  SpanStatusCode,
  trace as library,
  type Tracer,
} from "@opentelemetry/api";
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from "@opentelemetry/core";
import { OTLPTraceExporter as GrpcExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as HttpExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";
import type { Failure } from "../../core/mod.ts";
import type {
  Log,
  Span,
  SpanAttributes,
  SpanKind,
  TraceContext,
  TraceSources,
  Tracing,
} from "../../ports/mod.ts";
import type { TelemetryOptions } from "./component.ts";

/** Tracing that is under way. */
export interface Exporting {
  readonly tracing: Tracing;
  /** Sends what is left, as long as `signal` allows it. */
  end(signal: AbortSignal): Promise<void>;
}

/** Longest wait for a collector. */
const EXPORT_MS = 3000;
const SCOPE = "wippy";

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

class LibraryTracing implements Tracing {
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

function propagatorOf(names: readonly string[]): CompositePropagator {
  return new CompositePropagator({
    propagators: names.map((name) =>
      name === "baggage" ? new W3CBaggagePropagator() : new W3CTraceContextPropagator()
    ),
  });
}

function tell(log: Log, error: unknown): void {
  log.warn("traces could not be sent", { error: error instanceof Error ? error.message : String(error) });
}

/** Has the library tell what went wrong. */
function listen(log: Log): void {
  const warn = (message: string, ...more: unknown[]): void =>
    tell(log, [message, ...more].map(String).join(" "));
  const drop = (): void => undefined;
  const logger = { error: warn, warn, info: drop, debug: drop, verbose: drop };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}

/** Begins to trace; spans go to `url`. */
export function startTracing(options: TelemetryOptions, url: string, log: Log): Exporting {
  listen(log);
  const where = { url, timeoutMillis: EXPORT_MS };
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      "service.name": options.serviceName,
      ...options.serviceVersion === "" ? {} : { "service.version": options.serviceVersion },
    }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.sampleRate) }),
    spanProcessors: [
      new BatchSpanProcessor(options.protocol === "grpc" ? new GrpcExporter(where) : new HttpExporter(where)),
    ],
  });
  return {
    tracing: new LibraryTracing(
      options.sources,
      provider.getTracer(SCOPE),
      propagatorOf(options.propagators),
    ),
    async end(signal) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const giveUp = (): void => resolve();
      if (signal.aborted) giveUp();
      else signal.addEventListener("abort", giveUp, { once: true });
      await Promise.race([provider.shutdown().catch((error: unknown) => tell(log, error)), promise]);
      signal.removeEventListener("abort", giveUp);
      diag.disable();
    },
  };
}
