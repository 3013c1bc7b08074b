/**
 * What the tests of typed Lua share: sources in, plain Lua or messages out.
 */
import assert from "node:assert/strict";
import { describe, LineMap, parse, parseForRun, type RunOptions } from "../../src/lang/mod.ts";

/** The plain Lua of a source; fails the test when it has errors. */
export function plain(source: string, options?: RunOptions): string {
  const result = parseForRun(source, "test", options);
  assert.ok(result.ok, result.ok ? "" : result.diagnostics.map(describe).join("\n"));
  return result.source;
}

/** Checks the plain Lua of a source, blanks at line ends aside. */
export function assertPlain(source: string, expected: string): void {
  const actual = plain(source);
  assert.equal(actual.replace(/ +$/gm, ""), expected);
  assert.equal(actual.split("\n").length, source.split("\n").length, "lines must stay");
}

/** Syntax errors as `line:column message`. */
export function errors(source: string): string[] {
  const parsed = parse(source);
  const lines = new LineMap(source);
  return parsed.diagnostics.map((diagnostic) => {
    const { line, column } = lines.position(diagnostic.start);
    return `${line}:${column} ${describe(diagnostic)}`;
  });
}
