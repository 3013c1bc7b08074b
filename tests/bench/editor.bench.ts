/**
 * What an editor waits for: from a key stroke to the diagnostics of a file of 2,000 lines, and its layout.
 *
 * Not measured: the editor itself.
 */
import { join } from "node:path";
import { type Benchmark, numberFrom, type Tools } from "./benchmark.ts";

function session(tools: Tools, what: string): Promise<number> {
  return numberFrom([tools.bun, join(tools.folder, "editor_session.ts"), tools.wippy, what]);
}

/** See `index_load.ts`. */
function index(tools: Tools, how: string): Promise<number> {
  return numberFrom([tools.bun, join(tools.folder, "index_load.ts"), how]);
}

export const benchmarks: readonly Benchmark[] = [
  {
    name: "wippy lsp, key stroke to diagnostics, 2,000 lines",
    unit: "ms",
    peerName: "",
    must: "<=100",
    aim: "<=40",
    ours: (tools) => session(tools, "edit"),
    rounds: 3,
  },
  {
    name: "wippy lsp, completion behind a dot, 2,000 lines",
    unit: "ms",
    peerName: "",
    must: "<=100",
    aim: "<=40",
    ours: (tools) => session(tools, "completion"),
    rounds: 3,
  },
  {
    name: "wippy lsp, formatting of 2,000 lines",
    unit: "ms",
    peerName: "",
    must: "",
    aim: "<=100",
    ours: (tools) => session(tools, "formatting"),
    rounds: 3,
  },
  {
    name: "index of 100,000 lines for the first time, on threads",
    unit: "ms",
    peerName: "on one thread",
    must: "<=0.9",
    aim: "<=0.7",
    ours: (tools) => index(tools, "threads"),
    peer: (tools) => index(tools, "one"),
    rounds: 3,
  },
];
