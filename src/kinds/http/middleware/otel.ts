/**
 * `otel`: has each request be a span, inside of the trace that its headers tell of. Routers have it by themselves when requests are
 * traced, so naming it adds nothing.
 */
import type { Tracing } from "../../../ports/mod.ts";
import { type Answer, type Middleware, whenAnswered } from "../answer.ts";
import type { Exchange } from "../exchange.ts";
import { defineMiddleware } from "./definition.ts";

const SERVER_ERROR = 500;

/** What traces requests; undefined when nothing does. */
export function tracingOf(tracing: Tracing | undefined): Middleware | undefined {
  if (tracing?.sources.http.enabled !== true) return undefined;
  return (next) => (exchange) => {
    const span = tracing.start(nameOf(exchange), "server", parentOf(tracing, exchange), {
      "http.method": exchange.method,
      "http.url": exchange.request.url,
      "http.host": exchange.host,
    });
    exchange.trace = span.context;
    const answered = (answer: Answer): Answer => {
      const { status } = answer;
      span.set({ "http.status_code": status });
      span.end(status < SERVER_ERROR ? undefined : { kind: "Internal", message: `answered with ${status}` });
      return answer;
    };
    return whenAnswered(next(exchange), answered);
  };
}

/** By its route, so that requests of one route have one name. */
function nameOf({ endpoint, method }: Exchange): string {
  return endpoint === undefined ? method : `${method} ${endpoint.pattern.text}`;
}

function parentOf(tracing: Tracing, exchange: Exchange) {
  return tracing.sources.http.extracts ? tracing.extract((name) => exchange.header(name)) : undefined;
}

/** What routers may name. */
export const otel = defineMiddleware({
  name: "otel",
  prefix: "otel",
  create: () => (next) => next,
});
