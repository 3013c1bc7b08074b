/** Measurements that the runtime itself records. Provided by the application when they are collected. */
import { defineResource } from "./resource.ts";

/** Label values by name. */
export type MetricLabels = Readonly<Record<string, string>>;

/**
 * Records measurements. A name stands for one type for ever: another use of it fails with Invalid; so does a counter that
 * is to go down. Past `METRIC_SERIES_MAX` a new series fails with LimitExceeded.
 */
export interface Metrics {
  counterAdd(name: string, amount: number, labels: MetricLabels): void;
  gaugeAdd(name: string, amount: number, labels: MetricLabels): void;
  gaugeSet(name: string, value: number, labels: MetricLabels): void;
  observe(name: string, value: number, labels: MetricLabels): void;
  /** Everything that was measured so far. */
  families(): MetricFamily[];
}

/** What was measured under one name. */
export type MetricFamily =
  | { readonly name: string; readonly type: "counter" | "gauge"; readonly series: readonly MetricValue[] }
  | { readonly name: string; readonly type: "histogram"; readonly series: readonly MetricDistribution[] };

/** The value of one series. */
export interface MetricValue {
  readonly labels: MetricLabels;
  readonly value: number;
}

/** How the values of one series are distributed. */
export interface MetricDistribution {
  readonly labels: MetricLabels;
  /** Upper bounds; `counts` has one more, for what is above all of them. */
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
  readonly sum: number;
  readonly count: number;
}

/** Resource type of the one collector; it stands at `METRICS_ID`. */
export const MetricsResource = defineResource<Metrics>("metrics");
/** Where the collector is found. No entry can have this id, for it has no namespace. */
export const METRICS_ID = "metrics";
