/** Lua programs beside the native interpreter and gopher-lua. */
import { join } from "node:path";
import { type Benchmark, called, numberFrom } from "./benchmark.ts";

const PROGRAMS = ["fib", "loops", "tables", "strings", "nbody"];

function source(folder: string, program: string): string {
  return join(folder, "app", "src", `${program}.lua`);
}

/** The benchmarks of this file. */
export const benchmarks: readonly Benchmark[] = PROGRAMS.flatMap((program): Benchmark[] => [
  {
    name: `Lua: ${program}`,
    unit: "s",
    peerName: "lua5.4",
    must: "<=2.0",
    aim: "<=1.5",
    ours: (tools) => called(tools, "lua", program),
    peer: ({ folder }) => numberFrom(["lua5.4", join(folder, "peers", "lua.lua"), source(folder, program)]),
  },
  {
    name: `Lua: ${program}`,
    unit: "s",
    peerName: "gopher-lua",
    must: "<=1.0",
    aim: "<=0.5",
    // It takes many times as long: two pairs tell.
    rounds: 2,
    ours: (tools) => called(tools, "lua", program),
    peer: ({ cache, folder }) => numberFrom([join(cache, "lua"), source(folder, program)]),
  },
]);
