/** Traces for a collector of OpenTelemetry. */
export * from "./component.ts";
