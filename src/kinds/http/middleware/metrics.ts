/** `metrics`: counts, times and gauges of requests; a route is named by the function that answers it. */
import { METRICS_ID, MetricsResource } from "../../../ports/mod.ts";
import { type Answer, whenAnswered } from "../answer.ts";
import { defineMiddleware } from "./definition.ts";

const TOTAL = "wippy_http_requests_total";
const DURATION = "wippy_http_request_duration_seconds";
const IN_FLIGHT = "wippy_http_requests_in_flight";

/** Counters, durations and gauges of requests. */
export const metrics = defineMiddleware({
  name: "metrics",
  prefix: "metrics",
  create({ services }) {
    const { clock } = services.ports;
    return (next) => (exchange) => {
      const metrics = services.resources.find(MetricsResource, METRICS_ID);
      if (metrics === undefined) return next(exchange);
      const { method } = exchange;
      const startMs = clock.monotonicMs();
      metrics.gaugeAdd(IN_FLIGHT, 1, { method });
      const record = (status: number): void => {
        metrics.gaugeAdd(IN_FLIGHT, -1, { method });
        const labels = { method, route: exchange.endpoint?.target ?? "", status: String(status) };
        metrics.counterAdd(TOTAL, 1, labels);
        metrics.observe(DURATION, (clock.monotonicMs() - startMs) / 1000, labels);
      };
      const answered = (answer: Answer): Answer => {
        record(answer.status);
        return answer;
      };
      try {
        const answer = next(exchange);
        return answer instanceof Promise
          ? answer.then(answered, (error) => {
            record(500);
            throw error;
          })
          : whenAnswered(answer, answered);
      } catch (error) {
        record(500);
        throw error;
      }
    };
  },
});
