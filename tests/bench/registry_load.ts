/**
 * Loads a project of many entries and prints the milliseconds it took, as the last line.
 *
 *     registry_load.ts parse     reading the files and parsing their YAML, nothing else: the lower bound
 *     registry_load.ts files     files to entries: parsed, sources inlined, requirements linked
 *     registry_load.ts boot      files to a running registry, versions in memory
 *     registry_load.ts history   the same, versions in a new SQLite file
 *     registry_load.ts restart   the same once more, from that file, the definitions unchanged
 *     registry_load.ts again     `boot` once more, in a program as warm as that of `restart`
 *     registry_load.ts apply     one change of one entry in the loaded registry, the median of many
 *     registry_load.ts find      a search that no cache answers
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createApplication } from "../../src/app/application.ts";
import { LogHub } from "../../src/app/logging/mod.ts";
import { createPorts, yamlReader } from "../../src/platform/mod.ts";
import { type History, type LoadedEntries, loadEntries, SqliteHistory } from "../../src/registry/mod.ts";
import { median } from "./benchmark.ts";

const FILES = 100;
const ENTRIES_PER_FILE = 100;
const CHANGES = 50;

const ports = createPorts();

/** Half functions with a source file, half data; every tenth function imports another one. */
function writeProject(folder: string): void {
  for (let f = 0; f < FILES; f++) {
    const path = join(folder, "src", `part${f}`);
    mkdirSync(path, { recursive: true });
    let text = `version: "1.0"\nnamespace: bench.part${f}\n\nentries:\n`;
    for (let i = 0; i < ENTRIES_PER_FILE; i++) {
      text += `  - name: entry_${i}\n`;
      if (i % 2 === 0) {
        text +=
          `    kind: registry.entry\n    meta:\n      type: item\n      title: Item ${i} of ${f}\n      tags: [one, two]\n` +
          `    price: ${i}.5\n    stock: ${f}\n    description: A thing that is sold in large numbers\n`;
        continue;
      }
      text +=
        `    kind: function.lua\n    meta:\n      comment: Handles request ${i}\n    source: file://handler.lua\n    method: main\n` +
        "    modules:\n      - json\n      - time\n";
      if (i % 10 === 9) text += `    imports:\n      other: entry_${i - 8}\n`;
    }
    writeFileSync(join(path, "_index.yaml"), text);
    writeFileSync(join(path, "handler.lua"), "return { main = function(input) return input end }\n");
  }
}

function parseAll(folder: string): number {
  let count = 0;
  for (const part of readdirSync(join(folder, "src"))) {
    const value = yamlReader.parse(readFileSync(join(folder, "src", part, "_index.yaml"), "utf8"));
    count += (value as { entries: unknown[] }).entries.length;
  }
  return count;
}

function load(folder: string): LoadedEntries {
  return loadEntries({
    files: ports.files,
    yaml: ports.yaml,
    root: folder,
    sourceDirectory: join(folder, "src"),
    modulesDirectory: join(folder, ".wippy"),
  });
}

async function boot(folder: string, history?: History): Promise<ReturnType<typeof createApplication>> {
  const log = new LogHub({
    clock: ports.clock,
    routing: { propagate_downstream: false, stream_to_events: false, min_level: 2 },
  });
  const application = createApplication({ ports, log, baseDirectory: folder, history });
  await application.boot(load(folder));
  return application;
}

function sqlite(folder: string): History {
  return new SqliteHistory({ sqlite: ports.sqlite, files: ports.files, path: join(folder, "history.db") });
}

async function timed(work: () => unknown): Promise<number> {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}

async function applying(folder: string): Promise<number> {
  const { registry } = await boot(folder);
  const times: number[] = [];
  for (let i = 0; i < CHANGES; i++) {
    const entry = { ...registry.get("bench.part7:entry_8")!, data: { price: i } };
    times.push(await timed(() => registry.apply([{ kind: "entry.update", entry }])));
  }
  return median(times);
}

async function finding(folder: string): Promise<number> {
  const { registry } = await boot(folder);
  const times: number[] = [];
  for (let i = 0; i < CHANGES; i++) {
    const filter = { "meta.type": "item", "^meta.title": `Item ${i}` };
    const compile = () => () => true;
    times.push(await timed(() => registry.finder.find(registry.state, filter, { compile })));
  }
  return median(times);
}

async function measure(folder: string, what: string): Promise<number> {
  switch (what) {
    case "parse":
      return await timed(() => parseAll(folder));
    case "files":
      return await timed(() => load(folder));
    case "boot":
      return await timed(() => boot(folder));
    case "history":
      return await timed(() => boot(folder, sqlite(folder)));
    case "restart":
      await (await boot(folder, sqlite(folder))).stop();
      return await timed(() => boot(folder, sqlite(folder)));
    case "again":
      await (await boot(folder)).stop();
      return await timed(() => boot(folder));
    case "apply":
      return await applying(folder);
    case "find":
      return await finding(folder);
    default:
      throw new Error(`unknown measurement: ${what}`);
  }
}

const folder = mkdtempSync(join(tmpdir(), "wippy-load-"));
let took: number;
try {
  writeProject(folder);
  took = await measure(folder, process.argv[2] ?? "boot");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`${took}\n`);
process.exit(0);
