/** The `metrics` module: counters, gauges and histograms of the application. */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineModule, type ModuleFunction } from "../../src/lua/mod.ts";
import { type MetricLabels, type Metrics, METRICS_ID, MetricsResource } from "../../src/ports/mod.ts";
import { ArgumentError, LuaFloat, type LuaValue } from "../../src/vm/mod.ts";
import types from "./metrics.d.lua" with { type: "text" };

function collector(call: Call): Metrics {
  const found = call.services.resources.find(MetricsResource, METRICS_ID);
  if (found === undefined) {
    throw new Failure("Internal", "metrics collector not available", { retryable: false });
  }
  return found;
}

/** The table of labels at argument `i`; values become text. */
function labelsArgument(call: Call, i: number): MetricLabels {
  if (call.count < i || call.type(i) === "nil") return {};
  if (call.type(i) !== "table") throw new ArgumentError(i, "table", call.type(i));
  const table = call.value(i);
  if (typeof table !== "object" || table === null || Array.isArray(table) || table instanceof Map) return {};
  const labels: Record<string, string> = {};
  for (const [name, value] of Object.entries(table as { [name: string]: LuaValue })) {
    if (value instanceof LuaFloat) labels[name] = String(value.value);
    else if (typeof value !== "object") labels[name] = String(value);
  }
  return labels;
}

/** A function of a name and labels that always counts by `amount`. */
function stepping(record: "counterAdd" | "gaugeAdd", amount: number): ModuleFunction {
  return (call) => {
    collector(call)[record](call.string(1), amount, labelsArgument(call, 2));
    return true;
  };
}

/** A function of a name, a value and labels. */
function recording(record: "counterAdd" | "gaugeSet" | "observe"): ModuleFunction {
  return (call) => {
    collector(call)[record](call.string(1), call.number(2), labelsArgument(call, 3));
    return true;
  };
}

export default defineModule({
  name: "metrics",
  types,
  classes: ["nondeterministic", "io"],
  functions: {
    counter_inc: stepping("counterAdd", 1),
    counter_add: recording("counterAdd"),
    gauge_set: recording("gaugeSet"),
    gauge_inc: stepping("gaugeAdd", 1),
    gauge_dec: stepping("gaugeAdd", -1),
    histogram: recording("observe"),
  },
});
