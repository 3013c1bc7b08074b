/** Expressions, patterns, templates, syntax trees and evaluated code; an expression beside the same rule in Lua. */
import { join } from "node:path";
import { type Benchmark, called, numberFrom } from "./benchmark.ts";

function alone(name: string, what: string, count: number): Benchmark {
  return {
    name,
    unit: "thousand/s",
    peerName: "",
    must: "",
    aim: "",
    ours: (tools) => called(tools, "rules", what, count),
  };
}

/** The benchmarks of this file. */
export const benchmarks: readonly Benchmark[] = [
  {
    name: "expression with four operators",
    unit: "thousand/s",
    peerName: "Lua",
    must: "",
    aim: ">=0.05",
    ours: (tools) => called(tools, "rules", "expression", 300_000),
    peer: (tools) => called(tools, "rules", "lua", 3_000_000),
  },
  {
    name: "regexp with five groups in a line of 900 bytes",
    unit: "thousand/s",
    peerName: "RegExp of the engine",
    must: "",
    aim: "",
    ours: (tools) => called(tools, "rules", "regexp", 20_000),
    peer: ({ bun, folder }) => numberFrom([bun, join(folder, "peers", "regexp.ts"), "2000000"]),
  },
  alone("template with 20 rows", "template", 5_000),
  alone("syntax tree of 20 lines of Go", "parse", 1_000),
  alone("evaluation of one line of Lua", "eval", 5_000),
];
