/**
 * Lines per second of one step over a generated tree, printed as the last line.
 *
 *     bun tests/bench/lint_speed.ts parse|luaparse|luau|check|lint LINES
 *
 * `luaparse` is a parser of plain Lua in JavaScript, `luau` the parser and compiler of Luau in WebAssembly; both get the plain files
 * only, as `parse` does. No JavaScript build of Luau offers its analysis, so checking has no peer.
 */
import { createRequire } from "node:module";
import { check, environmentOf, lint, parse, resolve } from "../../src/lang/mod.ts";
import { libraryOf } from "../../src/lua/checking.ts";
import { declarations as modules } from "../../std/declarations.gen.ts";
import { FILE_LINES, luaFile } from "./lua_tree.ts";

/** How much of the tree is in memory at once. */
const BATCH_FILES = 200;

type Step = (source: string) => void;

async function stepOf(name: string): Promise<Step> {
  const require = createRequire(import.meta.url);
  switch (name) {
    case "parse":
      return (source) => void parse(source);
    case "luaparse": {
      const luaparse = require("luaparse") as { parse(source: string, options: object): unknown };
      // What ours keeps too: ranges, comments, names with their scopes.
      return (source) => void luaparse.parse(source, { luaVersion: "5.3", ranges: true, scope: true });
    }
    case "luau": {
      const { LuauState } = await import("luau-web");
      const state = await LuauState.createAsync();
      return (source) => void state.loadstring(source, "bench", true);
    }
    case "check":
    case "lint": {
      const environment = environmentOf(libraryOf(modules), { modules: new Map(), imports: new Map() });
      return (source) => {
        const parsed = parse(source);
        const resolution = resolve(parsed);
        if (name === "check") check(parsed, environment, resolution);
        else lint(parsed, resolution);
      };
    }
    default:
      throw new Error(`no step is called ${name}`);
  }
}

const [name = "parse", lines = "1000000"] = process.argv.slice(2);
const step = await stepOf(name);
const isPlain = !["check", "lint"].includes(name);
const count = Math.ceil(Number(lines) / FILE_LINES);
let done = 0;
let ns = 0;
for (let from = 0; from < count; from += BATCH_FILES) {
  const batch = Array.from(
    { length: Math.min(BATCH_FILES, count - from) },
    (_, i) => luaFile(from + i, !isPlain && i % 2 === 1),
  );
  const start = process.hrtime.bigint();
  for (const source of batch) step(source);
  ns += Number(process.hrtime.bigint() - start);
  for (const source of batch) done += source.split("\n").length;
}
process.stdout.write(`${Math.round(done / (ns / 1e9))}\n`);
process.exit(0);
