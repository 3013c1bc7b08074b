/** The component that collects measurements and serves them to Prometheus, and says whether this node is alive. */
import {
  type HttpListener,
  LIVENESS_ID,
  LivenessResource,
  METRICS_ID,
  MetricsResource,
} from "../../ports/mod.ts";
import type { Component } from "../components.ts";
import { parseAddress } from "../listen_address.ts";
import { INFRASTRUCTURE } from "../standard_components.ts";
import { MetricCollector } from "./collector.ts";
import { LivenessChecks } from "./liveness.ts";

const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Collects from the start; with an address (`host:port` or `:port`) it serves `/metrics` and `/livez` there. */
export function metricsComponent(options: { address: string }): Component {
  const collector = new MetricCollector();
  const checks = new LivenessChecks();
  let listener: HttpListener | undefined;
  return {
    name: "metrics",
    load(context) {
      const resources = context.get(INFRASTRUCTURE.resources);
      resources.provide(MetricsResource, METRICS_ID, collector);
      resources.provide(LivenessResource, LIVENESS_ID, checks);
    },
    async start(context) {
      if (options.address === "") return;
      const { http } = context.get(INFRASTRUCTURE.ports);
      listener = await http.listen(
        parseAddress(options.address, "prometheus.address"),
        (request) => answer(request, collector, checks),
      );
      context.get(INFRASTRUCTURE.log).named("metrics").info("serving metrics", { address: options.address });
    },
    async stop(_context, signal) {
      await listener?.close(signal);
    },
  };
}

function answer(request: Request, collector: MetricCollector, checks: LivenessChecks): Response {
  const { pathname } = new URL(request.url);
  if (pathname !== "/metrics" && pathname !== "/livez") return new Response("Not Found\n", { status: 404 });
  if (request.method !== "GET" && request.method !== "HEAD") {
    return new Response("Method Not Allowed\n", { status: 405, headers: { allow: "GET, HEAD" } });
  }
  if (pathname === "/livez") return liveness(checks);
  return new Response(collector.print(), { headers: { "content-type": CONTENT_TYPE } });
}

/** 200 while every check is content, 503 otherwise; the body says which is not, and why. */
function liveness(checks: LivenessChecks): Response {
  const findings = checks.findings();
  const isAlive = findings.every(({ healthy }) => healthy);
  return Response.json({ status: isAlive ? "healthy" : "unhealthy", checks: findings }, {
    status: isAlive ? 200 : 503,
    headers: { "cache-control": "no-store" },
  });
}
