/** The component that traces and sends measurements: what of the application is a span, and where all of it goes. */
import { Failure } from "../../core/mod.ts";
import { METRICS_ID, MetricsResource, TRACING_ID, TracingResource } from "../../ports/mod.ts";
import type { Component } from "../components.ts";
import { INFRASTRUCTURE } from "../standard_components.ts";
import { endpointUrl, PROPAGATORS, type TelemetryOptions } from "./options.ts";
import type { Exporting } from "./opentelemetry.ts";

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
