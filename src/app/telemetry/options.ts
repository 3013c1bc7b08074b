/** What telemetry is told, and where its endpoint is. */
import { Failure } from "../../core/mod.ts";
import type { TraceSources } from "../../ports/mod.ts";

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
