/** The component that collects measurements and serves them to Prometheus. */
import { type HttpListener, METRICS_ID, MetricsResource } from "../../ports/mod.ts";
import type { Component } from "../components.ts";
import { parseAddress } from "../listen_address.ts";
import { INFRASTRUCTURE } from "../standard_components.ts";
import { MetricCollector } from "./collector.ts";

const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Collects from the start; with an address (`host:port` or `:port`) it serves `/metrics` there. */
export function metricsComponent(options: { address: string }): Component {
  const collector = new MetricCollector();
  let listener: HttpListener | undefined;
  return {
    name: "metrics",
    load: (context) => context.get(INFRASTRUCTURE.resources).provide(MetricsResource, METRICS_ID, collector),
    async start(context) {
      if (options.address === "") return;
      const { http } = context.get(INFRASTRUCTURE.ports);
      listener = await http.listen(
        parseAddress(options.address, "prometheus.address"),
        (request) => answer(request, collector),
      );
      context.get(INFRASTRUCTURE.log).named("metrics").info("serving metrics", { address: options.address });
    },
    async stop(_context, signal) {
      await listener?.close(signal);
    },
  };
}

function answer(request: Request, collector: MetricCollector): Response {
  if (new URL(request.url).pathname !== "/metrics") return new Response("Not Found\n", { status: 404 });
  if (request.method !== "GET" && request.method !== "HEAD") {
    return new Response("Method Not Allowed\n", { status: 405, headers: { allow: "GET, HEAD" } });
  }
  return new Response(collector.print(), { headers: { "content-type": CONTENT_TYPE } });
}
