/** The `yaml` module: documents as text and back. */
import { Failure } from "../../src/core/mod.ts";
import { type Call, defineModule, plainMap, plainValue } from "../../src/lua/mod.ts";
import { ArgumentError, type NativeResult } from "../../src/vm/mod.ts";
import { loadYaml } from "./load.ts";
import { UNORDERED, type YamlOrder } from "./order.ts";
import types from "./yaml.d.lua" with { type: "text" };

function invalid(message: string): Failure {
  return new Failure("Invalid", message, { retryable: false });
}

function orderArgument(call: Call, i: number): YamlOrder {
  if (call.count < i || call.type(i) === "nil") return UNORDERED;
  const options = call.type(i) === "table" ? plainMap(call.value(i)) : undefined;
  if (options === undefined) throw new ArgumentError(i, "table", call.type(i));
  const order = options["field_order"];
  return { first: Array.isArray(order) ? order.map(String) : [], sorted: options["sort_unordered"] === true };
}

export default defineModule({
  name: "yaml",
  types,
  classes: ["encoding", "deterministic", "workflow"],
  portable: true,
  commands: {
    encode: (call) => {
      if (call.count < 1 || call.type(1) !== "table") throw invalid("table expected");
      const value = plainValue(call.value(1));
      const order = orderArgument(call, 2);
      return loadYaml<NativeResult>(({ printYaml }) => printYaml(value, order));
    },
    decode: (call) => {
      if (call.count < 1 || call.type(1) !== "string") throw invalid("string expected");
      const text = call.string(1);
      if (text === "") throw invalid("input cannot be empty");
      return loadYaml<NativeResult>(({ parseYaml }) => parseYaml(text));
    },
  },
});
