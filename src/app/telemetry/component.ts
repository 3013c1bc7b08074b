/** The component that traces: what of the application is a span, and where spans are sent. */
import { Failure } from "../../core/mod.ts";
import { type TraceSources, TRACING_ID, TracingResource } from "../../ports/mod.ts";
import type { Component } from "../components.ts";
import { INFRASTRUCTURE } from "../standard_components.ts";
import type { Exporting } from "./opentelemetry.ts";

/** How traces are made and where they go. */
export interface TelemetryOptions {
  /** `host:port`, or a URL. */
  readonly endpoint: string;
  readonly protocol: "http/protobuf" | "grpc";
  readonly serviceName: string;
  readonly serviceVersion: string;
  /** Whether spans may travel in plain text. */
  readonly isInsecure: boolean;
  /** How many of the traces that begin here are sent, 0 to 1; others are as who began them says. */
  readonly sampleRate: number;
  /** Of `PROPAGATORS`. */
  readonly propagators: readonly string[];
  readonly sources: TraceSources;
}

/** The formats in which headers tell of traces. */
export const PROPAGATORS: readonly string[] = ["tracecontext", "baggage"];

const PATH = "/v1/traces";

/** The URL that an endpoint stands for; fails with Invalid. */
export function endpointUrl({ endpoint, isInsecure, protocol }: TelemetryOptions): string {
  const invalid = (problem: string): Failure =>
    new Failure("Invalid", `otel.endpoint: ${endpoint} ${problem}`, { retryable: false });
  const text = endpoint.includes("://") ? endpoint : `${isInsecure ? "http" : "https"}://${endpoint}`;
  if (!URL.canParse(text)) throw invalid("is no address; write host:port or a URL");
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") throw invalid("is neither http nor https");
  if (url.protocol === "http:" && !isInsecure) {
    throw invalid("would send traces in plain text; use https, or allow it by otel.insecure");
  }
  if (protocol === "grpc") return url.origin;
  return url.pathname.endsWith(PATH) ? url.href : `${url.href.replace(/\/$/, "")}${PATH}`;
}

/** Traces while the application runs. Fails with Invalid for an endpoint or a propagator that there can't be. */
export function telemetryComponent(options: TelemetryOptions): Component {
  const url = endpointUrl(options);
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
      const { startTracing } = await import("./opentelemetry.ts");
      exporting = startTracing(options, url, context.get(INFRASTRUCTURE.log).named("otel"));
      context.get(INFRASTRUCTURE.resources).provide(TracingResource, TRACING_ID, exporting.tracing);
    },
    async stop(_context, signal) {
      await exporting?.end(signal);
    },
  };
}
