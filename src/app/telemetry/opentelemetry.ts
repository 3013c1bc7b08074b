/**
 * Telemetry by the library of OpenTelemetry.
 *
 * OT1. Spans are sent in batches, beside the work, and measurements once in a while. A collector that does not answer costs their loss and
 *      a warning, and at the end of the program a bounded wait.
 */
import { diag, DiagLogLevel } from "@opentelemetry/api";
import { OTLPMetricExporter as GrpcMetrics } from "@opentelemetry/exporter-metrics-otlp-grpc";
import { OTLPMetricExporter as HttpMetrics } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter as GrpcTraces } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as HttpTraces } from "@opentelemetry/exporter-trace-otlp-proto";
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources";
import { MeterProvider, PeriodicExportingMetricReader } from "@opentelemetry/sdk-metrics";
import {
  BasicTracerProvider,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";
import type { Log, Metrics, Tracing } from "../../ports/mod.ts";
import { endpointUrl, type TelemetryOptions } from "./options.ts";
import { LibraryTracing, propagatorOf } from "./library_tracing.ts";
import { Measurements } from "./measurements.ts";

/** Telemetry that is under way. */
export interface Exporting {
  /** Undefined when nothing is traced. */
  readonly tracing: Tracing | undefined;
  /** Sends what is left, as long as `signal` allows it. */
  end(signal: AbortSignal): Promise<void>;
}

/** Longest wait for a collector. */
const EXPORT_MS = 3000;
const SCOPE = "wippy";

function tell(log: Log, error: unknown): void {
  log.warn("telemetry could not be sent", { error: error instanceof Error ? error.message : String(error) });
}

/** Has the library tell what went wrong. */
function listen(log: Log): void {
  const warn = (message: string, ...more: unknown[]): void =>
    tell(log, [message, ...more].map(String).join(" "));
  const drop = (): void => undefined;
  const logger = { error: warn, warn, info: drop, debug: drop, verbose: drop };
  diag.setLogger(logger, { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true });
}

function resourceOf({ serviceName, serviceVersion }: TelemetryOptions): Resource {
  return resourceFromAttributes({
    "service.name": serviceName,
    ...serviceVersion === "" ? {} : { "service.version": serviceVersion },
  });
}

function tracerOf(options: TelemetryOptions, resource: Resource): BasicTracerProvider {
  const where = { url: endpointUrl(options, "traces"), timeoutMillis: EXPORT_MS };
  const exporter = options.protocol === "grpc" ? new GrpcTraces(where) : new HttpTraces(where);
  return new BasicTracerProvider({
    resource,
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.sampleRate) }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
}

function meterOf(
  options: TelemetryOptions,
  resource: Resource,
  metrics: () => Metrics | undefined,
): MeterProvider {
  const where = { url: endpointUrl(options, "metrics"), timeoutMillis: EXPORT_MS };
  const reader = new PeriodicExportingMetricReader({
    exporter: options.protocol === "grpc" ? new GrpcMetrics(where) : new HttpMetrics(where),
    exportTimeoutMillis: EXPORT_MS,
    metricProducers: [new Measurements(metrics, resource, SCOPE)],
  });
  return new MeterProvider({ resource, readers: [reader] });
}

/** Begins to trace, and to send what `metrics` has measured, as options want it. */
export function startTelemetry(
  options: TelemetryOptions,
  metrics: () => Metrics | undefined,
  log: Log,
): Exporting {
  listen(log);
  const resource = resourceOf(options);
  const tracer = options.tracing === undefined ? undefined : tracerOf(options, resource);
  const meter = options.sendsMetrics ? meterOf(options, resource, metrics) : undefined;
  const shutDown = async (provider: { shutdown(): Promise<void> } | undefined): Promise<void> => {
    await provider?.shutdown().catch((error: unknown) => tell(log, error));
  };
  return {
    tracing: tracer &&
      new LibraryTracing(options.tracing!, tracer.getTracer(SCOPE), propagatorOf(options.propagators)),
    async end(signal) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const giveUp = (): void => resolve();
      if (signal.aborted) giveUp();
      else signal.addEventListener("abort", giveUp, { once: true });
      await Promise.race([Promise.all([shutDown(tracer), shutDown(meter)]), promise]);
      signal.removeEventListener("abort", giveUp);
      diag.disable();
    },
  };
}
