/** Traces and measurements for a collector of OpenTelemetry. */
export { telemetryComponent } from "./component.ts";
export type { TelemetryOptions } from "./options.ts";
