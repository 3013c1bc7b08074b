/** The component that traces and sends measurements: what of the application is a span, and where all of it goes. */
import { Failure } from "../../core/mod.ts";
import {
  METRICS_ID,
  MetricsResource,
  type TraceSources,
  TRACING_ID,
  TracingResource,
} from "../../ports/mod.ts";
import type { Component } from "../components.ts";
import { INFRASTRUCTURE } from "../standard_components.ts";
import type { Exporting } from "./opentelemetry.ts";

/** How traces are made, and where they and measurements go. */
export interface TelemetryOptions {
  /** `host:port`, or a URL. */
  readonly endpoint: string;
  readonly protocol: "http/protobuf" | "grpc";
  readonly serviceName: string;
  readonly serviceVersion: string;
  /** Whether it may travel in plain text. */
  readonly isInsecure: boolean;
  /** How many of the traces that begin here are sent, 0 to 1; others are as who began them says. */
  readonly sampleRate: number;
  /** Of `PROPAGATORS`. */
  readonly propagators: readonly string[];
  /** What is traced; undefined for nothing. */
  readonly tracing: TraceSources | undefined;
  readonly sendsMetrics: boolean;
}

/** The formats in which headers tell of traces. */
export const PROPAGATORS: readonly string[] = ["tracecontext", "baggage"];

/** The URL that an endpoint stands for; fails with Invalid. */
export function endpointUrl(
  { endpoint, isInsecure, protocol }: TelemetryOptions,
  what: "traces" | "metrics",
): string {
  const invalid = (problem: string): Failure =>
    new Failure("Invalid", `otel.endpoint: ${endpoint} ${problem}`, { retryable: false });
  const text = endpoint.includes("://") ? endpoint : `${isInsecure ? "http" : "https"}://${endpoint}`;
  if (!URL.canParse(text)) throw invalid("is no address; write host:port or a URL");
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") throw invalid("is neither http nor https");
  if (url.protocol === "http:" && !isInsecure) {
    throw invalid("would be sent telemetry in plain text; use https, or allow it by otel.insecure");
  }
  return protocol === "grpc" ? url.origin : `${url.href.replace(/\/$/, "")}/v1/${what}`;
}

/** Telemetry while the application runs. Fails with Invalid for an endpoint or a propagator that there can't be. */
export function telemetryComponent(options: TelemetryOptions): Component {
  endpointUrl(options, "traces");
  for (const name of options.propagators) {
    if (PROPAGATORS.includes(name)) continue;
    const known = PROPAGATORS.join(", ");
    throw new Failure("Invalid", `otel.propagators: unknown ${JSON.stringify(name)}; there are ${known}`, {
      retryable: false,
    });
  }
  let exporting: Exporting | undefined;
  return {
    name: "telemetry",
    async load(context) {
      // A large library, for those who want it.
      const { startTelemetry } = await import("./opentelemetry.ts");
      const resources = context.get(INFRASTRUCTURE.resources);
      const log = context.get(INFRASTRUCTURE.log).named("otel");
      exporting = startTelemetry(options, () => resources.find(MetricsResource, METRICS_ID), log);
      const { tracing } = exporting;
      if (tracing !== undefined) resources.provide(TracingResource, TRACING_ID, tracing);
    },
    async stop(_context, signal) {
      await exporting?.end(signal);
    },
  };
}
