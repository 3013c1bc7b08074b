import assert from "node:assert/strict";
import { test } from "node:test";
import { LineSplitter } from "./line_splitter.ts";

function linesOf(...parts: (string | Uint8Array)[]): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter((line) => lines.push(line));
  for (const part of parts) splitter.write(typeof part === "string" ? new TextEncoder().encode(part) : part);
  splitter.end();
  return lines;
}

test("lines come whole, however their bytes arrive", () => {
  assert.deepEqual(linesOf(), []);
  assert.deepEqual(linesOf(""), []);
  assert.deepEqual(linesOf("a\nb\r\n\nc"), ["a", "b", "", "c"]);
  assert.deepEqual(linesOf("a", "b\n", "c\nd", "\n"), ["ab", "c", "d"]);
  const bytes = new TextEncoder().encode("ä€😀\nz");
  assert.deepEqual(linesOf(...[...bytes].map((byte) => new Uint8Array([byte]))), ["ä€😀", "z"]);
});

test("a line without end is cut", () => {
  const lines = linesOf("x".repeat(100_000), "y".repeat(100_000) + "\nz");
  assert.deepEqual(lines.map((line) => line.length), [65536, 65536, 65536, 200_000 - 3 * 65536, 1]);
});
