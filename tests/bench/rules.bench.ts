/** Expressions, templates, syntax trees and evaluated code; an expression beside the same rule in Lua. */
import { type Benchmark, called } from "./benchmark.ts";

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
  alone("template with 20 rows", "template", 5_000),
  alone("syntax tree of 20 lines of Go", "parse", 1_000),
  alone("evaluation of one line of Lua", "eval", 5_000),
];
