/**
 * What `lua.cache` brings: a boot of many Lua entries of some 40 lines each, from start to end of the program.
 *
 * Not measured: a cold disk.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Benchmark, outputOf, type Tools } from "./benchmark.ts";
import { luaFile } from "./lua_tree.ts";

const ENTRIES_EACH = 100;
const LINES = 40;

function writeProject(folder: string, folders: number): void {
  for (let f = 0; f < folders; f++) {
    const place = join(folder, "src", `part${f}`);
    mkdirSync(place, { recursive: true });
    const entries: string[] = [];
    for (let i = 0; i < ENTRIES_EACH; i++) {
      writeFileSync(join(place, `entry${i}.lua`), luaFile(f * ENTRIES_EACH + i, i % 2 === 1, LINES));
      entries.push(`  - {name: entry${i}, kind: library.lua, source: "file://entry${i}.lua"}\n`);
    }
    writeFileSync(
      join(place, "_index.yaml"),
      `version: "1.0"\nnamespace: bench.part${f}\nentries:\n${entries.join("")}`,
    );
  }
  writeFileSync(
    join(folder, "src", "_index.yaml"),
    `version: "1.0"\nnamespace: app\nentries:\n  - {name: terminal, kind: terminal.host}\n` +
      `  - {name: nothing, kind: process.lua, method: main, source: "return { main = function() return 0 end }"}\n`,
  );
}

/** Milliseconds of one run of a new project of so many folders with these settings, after `before` others. */
async function runMs(
  { wippy }: Tools,
  { before, folders, settings }: { before: number; folders: number; settings: readonly string[] },
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "wippy-cache-"));
  try {
    writeProject(folder, folders);
    const sets = settings.flatMap((setting) => ["--set", `lua.${setting}`]);
    const run = (): Promise<string> => outputOf([wippy, "run", "-s", "-x", "app:nothing", ...sets], folder);
    for (let i = 0; i < before; i++) await run();
    const start = performance.now();
    await run();
    return performance.now() - start;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const CACHE = "cache.enabled=true";
const TYPES = "type_system.enabled=true";

/** The benchmarks of this file. */
export const benchmarks: readonly Benchmark[] = [
  {
    name: "run of 10,000 Lua entries, compiled before",
    unit: "ms",
    peerName: "without lua.cache",
    must: "<=0.6",
    aim: "<=0.4",
    ours: (tools) => runMs(tools, { before: 1, folders: 100, settings: [CACHE] }),
    peer: (tools) => runMs(tools, { before: 0, folders: 100, settings: [] }),
    rounds: 3,
  },
  {
    name: "run of 2,000 Lua entries, compiled and checked before",
    unit: "ms",
    peerName: "without lua.cache",
    must: "<=0.4",
    aim: "<=0.2",
    ours: (tools) => runMs(tools, { before: 1, folders: 20, settings: [CACHE, TYPES] }),
    peer: (tools) => runMs(tools, { before: 0, folders: 20, settings: [TYPES] }),
    rounds: 3,
  },
];
