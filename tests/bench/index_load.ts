/**
 * Milliseconds until the index of a project of 100,000 lines is complete, as the last line.
 *
 *     bun tests/bench/index_load.ts threads|one
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Indexer } from "../../src/lsp/indexer.ts";
import { Workspace } from "../../src/lsp/workspace.ts";
import { createPorts } from "../../src/platform/mod.ts";
import { declarations } from "../../std/declarations.gen.ts";
import { writeLuaProject } from "./lua_tree.ts";

const LINES = 100_000;

const { clock, cpus, files, threads } = createPorts();
const folder = mkdtempSync(join(tmpdir(), "wippy-index-"));
let took: number;
try {
  writeLuaProject(folder, LINES);
  const workspace = new Workspace({
    files,
    modules: declarations,
    kinds: [],
    encoding: "utf-16",
    roots: [folder],
  });
  const from = clock.monotonicMs();
  const indexer = new Indexer({
    workspace,
    clock,
    threadCount: cpus,
    ...process.argv[2] === "threads" ? { threads } : {},
  });
  indexer.begin();
  while (!indexer.isIdle) await clock.sleep(1);
  took = clock.monotonicMs() - from;
  if (workspace.index.size === 0) throw new Error("nothing was indexed");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`${took}\n`);
process.exit(0);
