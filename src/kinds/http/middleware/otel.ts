/** `otel`: marks routers whose requests are traced. Without telemetry it does nothing. */
import { defineMiddleware } from "./definition.ts";

/** Tracing, when telemetry is on. */
export const otel = defineMiddleware({
  name: "otel",
  prefix: "otel",
  create: () => (next) => next,
});
