/** Loading a large application: 10,000 entries from files to a running registry. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Benchmark, numberFrom, outputOf, type Tools } from "./benchmark.ts";

const NAMESPACES = 100;
const ENTRIES_EACH = 100;

function writeProject(folder: string): void {
  for (let n = 0; n < NAMESPACES; n++) {
    const place = join(folder, "src", `part${n}`);
    mkdirSync(place, { recursive: true });
    const entries = Array.from(
      { length: ENTRIES_EACH },
      (_, i) =>
        `  - name: entry${i}\n    kind: registry.entry\n    meta: { type: sample, order: ${i} }\n    text: value ${i}\n`,
    );
    writeFileSync(
      join(place, "_index.yaml"),
      `version: "1.0"\nnamespace: app.part${n}\n\nentries:\n${entries.join("")}`,
    );
  }
  writeFileSync(
    join(folder, "src", "_index.yaml"),
    `version: "1.0"\nnamespace: app\n\nentries:\n  - name: terminal\n    kind: terminal.host\n  - name: nothing\n    kind: process.lua\n` +
      `    method: main\n    source: "return { main = function() return 0 end }"\n`,
  );
}

async function loadSeconds({ wippy }: Tools): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "wippy-bench-"));
  try {
    writeProject(folder);
    const started = performance.now();
    await outputOf([wippy, "run", "-s", "-x", "app:nothing"], folder);
    return (performance.now() - started) / 1000;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Inside a fresh program, without its start: see `registry_load.ts`. */
function measured(what: string): (tools: Tools) => Promise<number> {
  return ({ bun, folder }) => numberFrom([bun, join(folder, "registry_load.ts"), what]);
}

/** The benchmarks of this file. */
export const benchmarks: readonly Benchmark[] = [
  {
    name: "registry load of 10,000 entries, boot to end",
    unit: "s",
    peerName: "",
    must: "",
    rounds: 3,
    aim: "<=1",
    ours: loadSeconds,
  },
  {
    name: "10,000 entries from files to a running registry",
    unit: "ms",
    peerName: "parsing their YAML",
    must: "<=8",
    rounds: 3,
    aim: "<=4",
    ours: measured("boot"),
    peer: measured("parse"),
  },
  {
    name: "10,000 entries read from files, linked",
    unit: "ms",
    peerName: "parsing their YAML",
    must: "<=4",
    rounds: 3,
    aim: "<=2",
    ours: measured("files"),
    peer: measured("parse"),
  },
  {
    name: "10,000 entries into a new SQLite history",
    unit: "ms",
    peerName: "versions in memory",
    must: "<=3",
    rounds: 3,
    aim: "<=1.5",
    ours: measured("history"),
    peer: measured("boot"),
  },
  {
    name: "a restart with 10,000 entries, nothing changed",
    unit: "ms",
    peerName: "versions in memory",
    must: "<=3",
    rounds: 3,
    aim: "<=1.5",
    ours: measured("restart"),
    peer: measured("again"),
  },
  {
    name: "one change among 10,000 entries",
    unit: "ms",
    peerName: "",
    must: "<=20",
    rounds: 3,
    aim: "<=2",
    ours: measured("apply"),
  },
  {
    name: "a search of 10,000 entries that no cache answers",
    unit: "ms",
    peerName: "",
    must: "<=20",
    rounds: 3,
    aim: "<=1",
    ours: measured("find"),
  },
];
