/**
 * Typed Lua: parsing, checking and linting per line, and a lint of a project that has not changed.
 *
 * Not measured: the first start of a program on a cold disk.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Benchmark, numberFrom, outputOf, type Tools } from "./benchmark.ts";
import { writeLuaProject } from "./lua_tree.ts";

const TREE_LINES = 1_000_000;
const PROJECT_LINES = 100_000;

function speed(tools: Tools, step: string, lines = TREE_LINES): Promise<number> {
  return numberFrom([tools.bun, join(tools.folder, "lint_speed.ts"), step, String(lines)]);
}

/** Milliseconds of one lint of a project of 100,000 lines, after `before` others. */
async function lintMs({ wippy }: Tools, before: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "wippy-lint-"));
  try {
    writeLuaProject(folder, PROJECT_LINES);
    for (let i = 0; i < before; i++) await outputOf([wippy, "lint"], folder);
    const start = performance.now();
    await outputOf([wippy, "lint"], folder);
    return performance.now() - start;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const benchmarks: readonly Benchmark[] = [
  {
    name: "parse typed Lua",
    unit: "lines/s",
    peerName: "luaparse",
    must: ">=1.0",
    aim: ">=2.0",
    ours: (tools) => speed(tools, "parse"),
    peer: (tools) => speed(tools, "luaparse"),
    rounds: 3,
  },
  {
    name: "parse typed Lua",
    unit: "lines/s",
    peerName: "Luau, parsed and compiled",
    must: "",
    aim: "",
    ours: (tools) => speed(tools, "parse", PROJECT_LINES),
    peer: (tools) => speed(tools, "luau", PROJECT_LINES),
    rounds: 3,
  },
  {
    name: "parse and check types",
    unit: "lines/s",
    peerName: "luaparse, parsing alone",
    must: ">=0.2",
    aim: ">=0.5",
    ours: (tools) => speed(tools, "check"),
    peer: (tools) => speed(tools, "luaparse"),
    rounds: 3,
  },
  {
    name: "parse and lint",
    unit: "lines/s",
    peerName: "luaparse, parsing alone",
    must: ">=0.8",
    aim: ">=1.5",
    ours: (tools) => speed(tools, "lint"),
    peer: (tools) => speed(tools, "luaparse"),
    rounds: 3,
  },
  {
    name: "wippy lint, 100,000 lines for the first time",
    unit: "ms",
    peerName: "",
    must: "",
    aim: "<=3000",
    ours: (tools) => lintMs(tools, 0),
    rounds: 3,
  },
  {
    name: "wippy lint, 100,000 lines that have not changed",
    unit: "ms",
    peerName: "",
    must: "<=300",
    aim: "<=150",
    ours: (tools) => lintMs(tools, 1),
    rounds: 3,
  },
];
