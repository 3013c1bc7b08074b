/** Measurements as the library of OpenTelemetry hands them on. */
import { type HrTime, ValueType } from "@opentelemetry/api";
import { hrTime } from "@opentelemetry/core";
import type { Resource } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  type CollectionResult,
  DataPointType,
  type MetricData,
  type MetricProducer,
} from "@opentelemetry/sdk-metrics";
import type { MetricFamily, Metrics } from "../../ports/mod.ts";

/** Gives what was measured, whenever it is asked. */
export class Measurements implements MetricProducer {
  readonly #metrics: () => Metrics | undefined;
  readonly #resource: Resource;
  readonly #scope: string;
  readonly #startTime = hrTime();

  constructor(metrics: () => Metrics | undefined, resource: Resource, scope: string) {
    this.#metrics = metrics;
    this.#resource = resource;
    this.#scope = scope;
  }

  collect(): Promise<CollectionResult> {
    const times = { startTime: this.#startTime, endTime: hrTime() };
    const metrics = (this.#metrics()?.families() ?? []).map((family) => dataOf(family, times));
    return Promise.resolve({
      resourceMetrics: {
        resource: this.#resource,
        scopeMetrics: [{ scope: { name: this.#scope }, metrics }],
      },
      errors: [],
    });
  }
}

function dataOf(family: MetricFamily, times: { startTime: HrTime; endTime: HrTime }): MetricData {
  const shared = {
    descriptor: { name: family.name, description: "", unit: "", valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  if (family.type === "histogram") {
    const dataPoints = family.series.map(({ bounds, count, counts, labels, sum }) => ({
      ...times,
      attributes: labels,
      value: { buckets: { boundaries: [...bounds], counts: [...counts] }, sum, count },
    }));
    return { ...shared, dataPointType: DataPointType.HISTOGRAM, dataPoints };
  }
  const dataPoints = family.series.map(({ labels, value }) => ({ ...times, attributes: labels, value }));
  if (family.type === "gauge") return { ...shared, dataPointType: DataPointType.GAUGE, dataPoints };
  return { ...shared, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints };
}
