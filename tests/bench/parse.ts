/**
 * Parsing, per line of Lua, beside `luaparse` on the same source in the same run.
 *
 * Not measured: erasure, names, types. The lower bound is the scan into tokens.
 */
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { parse } from "../../src/lang/mod.ts";
import { tokenize } from "../../src/lang/lexer.ts";

/** Nanoseconds per line, the least of many runs: what the machine can do when nothing else wants it. */
export interface ParseMeasurement {
  readonly lines: number;
  readonly parseNs: number;
  readonly tokenizeNs: number;
  readonly luaparseNs: number;
}

/** Measures on `copies` of a plain source. */
export function measureParse(copies = 60, runs = 60): ParseMeasurement {
  const luaparse = createRequire(import.meta.url)("luaparse") as {
    parse(source: string, options: object): unknown;
  };
  const text = readFileSync(new URL("../lang/corpus/plain.lua", import.meta.url), "utf8");
  // Without the attribute, which luaparse does not know, and with each copy in a function of its own.
  const one = text.replace(/^#.*/, "").replaceAll(" <const>", "");
  const source = `do local _ = function(...)\n${one}\nend end\n`.repeat(copies);
  const lines = source.split("\n").length;
  const perLine = (run: () => unknown): number => {
    let least = Infinity;
    for (let i = 0; i < runs; i++) {
      const start = performance.now();
      run();
      least = Math.min(least, performance.now() - start);
    }
    return Math.round(least * 1e6 / lines);
  };
  if (parse(source).diagnostics.length > 0) throw new Error("the source of the benchmark has syntax errors");
  return {
    lines,
    luaparseNs: perLine(() => luaparse.parse(source, { luaVersion: "5.3" })),
    parseNs: perLine(() => parse(source)),
    tokenizeNs: perLine(() => tokenize(source)),
  };
}

if (import.meta.main) {
  const { lines, parseNs, tokenizeNs, luaparseNs } = measureParse();
  console.log(
    `parse ${lines} lines: ${parseNs} ns/line (tokens alone ${tokenizeNs}), luaparse ${luaparseNs} ns/line`,
  );
}
