/**
 * A short seeded slice of `scripts/fuzz_lang.ts`, and the parser's bounds against the compiler's.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzz } from "../../scripts/fuzz_lang.ts";
import { parseForRun } from "../../src/lang/mod.ts";
import { precompile, Universe } from "../../src/vm/mod.ts";

test("mutated sources are taken exactly when Lua takes them, and plain ones stay byte for byte [types.syntax.untyped]", async () => {
  const taken = await fuzz({ seed: 20, rounds: 700 });
  assert.ok(taken > 60, `only ${taken} of 700 sources were taken: the mutations are too wild to test much`);
});

test("what the parser takes is not too deep for the compiler", async () => {
  await precompile();
  const universe = Universe.create({
    host: { exited: () => {}, released: () => {}, failed: () => {} },
    now: () => 0,
    hashSeed: 1,
    randomSeed: 1,
  });
  const shapes: ((depth: number) => string)[] = [
    (depth) => `return ${"(".repeat(depth)}1${")".repeat(depth)}`,
    (depth) => `${"do ".repeat(depth)}${"end ".repeat(depth)}`,
    (depth) => `${"return function() ".repeat(depth)}${"end ".repeat(depth)}`,
    (depth) => `return ${"{".repeat(depth)}${"}".repeat(depth)}`,
    (depth) => `return ${"1 .. ".repeat(depth)}1`,
  ];
  for (const shape of shapes) {
    let deepest = 0;
    for (let depth = 1; depth < 300; depth++) {
      const parsed = parseForRun(shape(depth), "deep");
      if (!parsed.ok) break;
      universe.code.releaseCode(universe.code.compile(parsed.source, "deep"));
      deepest = depth;
    }
    assert.ok(deepest >= 90 && deepest < 200, `${shape(1)} at ${deepest}`);
  }
});
