/**
 * Measurements in memory, and their text in Prometheus' exposition format.
 *
 * M1. A name has one type, given by its first use. M2. A series is a name with its labels, whatever their order.
 */
import { Failure, METRIC_SERIES_MAX } from "../../core/mod.ts";
import type { MetricFamily, MetricLabels, Metrics } from "../../ports/mod.ts";

/** Upper bounds of histogram buckets, in seconds as a rule. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

type MetricType = "counter" | "gauge" | "histogram";

/** One histogram: observations at or below each bound, not yet summed up. */
interface Histogram {
  readonly counts: number[];
  sum: number;
  count: number;
}

interface Family {
  readonly type: MetricType;
  readonly values: Map<string, number>;
  readonly histograms: Map<string, Histogram>;
}

/** Measurements of one application. */
export class MetricCollector implements Metrics {
  readonly #families = new Map<string, Family>();
  /** The labels behind the keys of series. */
  readonly #labels = new Map<string, MetricLabels>();
  #series = 0;

  counterAdd(name: string, amount: number, labels: MetricLabels): void {
    if (!(amount >= 0)) throw invalid(`counter ${name} can't go down`);
    this.#change(name, "counter", labels, (value) => value + amount);
  }

  gaugeAdd(name: string, amount: number, labels: MetricLabels): void {
    this.#change(name, "gauge", labels, (value) => value + amount);
  }

  gaugeSet(name: string, value: number, labels: MetricLabels): void {
    this.#change(name, "gauge", labels, () => value);
  }

  observe(name: string, value: number, labels: MetricLabels): void {
    const { histograms } = this.#family(name, "histogram");
    const key = printLabels(labels);
    let histogram = histograms.get(key);
    if (histogram === undefined) {
      this.#admit(key, labels);
      histogram = { counts: new Array<number>(BUCKETS.length).fill(0), sum: 0, count: 0 };
      histograms.set(key, histogram);
    }
    const bucket = BUCKETS.findIndex((bound) => value <= bound);
    if (bucket >= 0) histogram.counts[bucket]!++;
    histogram.sum += value;
    histogram.count++;
  }

  /** Everything, as Prometheus reads it. */
  print(): string {
    const lines: string[] = [];
    for (const [name, family] of [...this.#families].sort(([a], [b]) => a < b ? -1 : 1)) {
      lines.push(`# TYPE ${name} ${family.type}`);
      for (const [labels, value] of family.values) {
        lines.push(`${name}${braced(labels)} ${printNumber(value)}`);
      }
      for (const [labels, histogram] of family.histograms) printHistogram(name, labels, histogram, lines);
    }
    return lines.length === 0 ? "" : `${lines.join("\n")}\n`;
  }

  families(): MetricFamily[] {
    return [...this.#families].map(([name, { histograms, type, values }]): MetricFamily => {
      if (type !== "histogram") {
        const series = [...values].map(([key, value]) => ({ labels: this.#labels.get(key)!, value }));
        return { name, type, series };
      }
      const series = [...histograms].map(([key, { count, counts, sum }]) => {
        const above = counts.reduce((left, each) => left - each, count);
        return { labels: this.#labels.get(key)!, bounds: BUCKETS, counts: [...counts, above], sum, count };
      });
      return { name, type, series };
    });
  }

  #change(name: string, type: MetricType, labels: MetricLabels, change: (value: number) => number): void {
    const { values } = this.#family(name, type);
    const key = printLabels(labels);
    const known = values.get(key);
    if (known === undefined) this.#admit(key, labels);
    values.set(key, change(known ?? 0));
  }

  #family(written: string, type: MetricType): Family {
    const name = fittingName(written);
    const known = this.#families.get(name);
    if (known === undefined) {
      const family: Family = { type, values: new Map(), histograms: new Map() };
      this.#families.set(name, family);
      return family;
    }
    if (known.type !== type) throw invalid(`metric ${name} is a ${known.type}, not a ${type}`);
    return known;
  }

  #admit(key: string, labels: MetricLabels): void {
    if (this.#series >= METRIC_SERIES_MAX) {
      throw new Failure("LimitExceeded", `more than ${METRIC_SERIES_MAX} series of metrics`, {
        retryable: false,
      });
    }
    this.#series++;
    this.#labels.set(key, fittingLabels(labels));
  }
}

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

/** `name` with what the format does not allow replaced. */
function fittingName(name: string): string {
  if (name === "") throw invalid("metric name is required");
  return name.replaceAll(/[^a-zA-Z0-9_:]/g, "_").replace(/^(?=\d)/, "_");
}

function fittingLabel(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_]/g, "_").replace(/^(?=\d)/, "_");
}

function fittingLabels(labels: MetricLabels): MetricLabels {
  return Object.fromEntries(Object.entries(labels).map(([name, text]) => [fittingLabel(name), text]));
}

/** Labels in order of their names; the key of a series. */
function printLabels(labels: MetricLabels): string {
  return Object.keys(labels).sort().map((name) => {
    const fitting = fittingLabel(name);
    const text = labels[name]!.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
    return `${fitting}="${text}"`;
  }).join(",");
}

function braced(labels: string): string {
  return labels === "" ? "" : `{${labels}}`;
}

function printNumber(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}

function printHistogram(name: string, labels: string, histogram: Histogram, lines: string[]): void {
  const comma = labels === "" ? "" : ",";
  let total = 0;
  for (const [i, bound] of BUCKETS.entries()) {
    total += histogram.counts[i]!;
    lines.push(`${name}_bucket{${labels}${comma}le="${bound}"} ${total}`);
  }
  lines.push(`${name}_bucket{${labels}${comma}le="+Inf"} ${histogram.count}`);
  lines.push(`${name}_sum${braced(labels)} ${printNumber(histogram.sum)}`);
  lines.push(`${name}_count${braced(labels)} ${histogram.count}`);
}
