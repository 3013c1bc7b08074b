/** Measurements of an application: collected in memory, served to Prometheus. */
export { MetricCollector } from "./collector.ts";
export { metricsComponent } from "./component.ts";
