import { test } from "node:test";
import assert from "node:assert/strict";
import { SCANNER_TOKEN_BYTES_MAX } from "../../src/core/mod.ts";
import { Scanner, type Split } from "./scanner.ts";

function tokens(text: string | Uint8Array, split: Split, part: number): string[] {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  let at = 0;
  const scanner = new Scanner(() => at >= bytes.length ? null : bytes.slice(at, at += part), split);
  const found: string[] = [];
  while (scanner.scan()) found.push(new TextDecoder("latin1").decode(scanner.token));
  assert.equal(scanner.error, undefined);
  return found;
}

for (const part of [1, 2, 3, 1000]) {
  test(`lines and words do not depend on how bytes arrive, ${part} at a time`, () => {
    assert.deepEqual(tokens("a\n\nbc\r\nlast", "lines", part), ["a", "", "bc", "last"]);
    assert.deepEqual(tokens("a\n", "lines", part), ["a"]);
    assert.deepEqual(tokens("", "lines", part), []);
    assert.deepEqual(tokens("  one\ttwo \n three  ", "words", part), ["one", "two", "three"]);
    assert.deepEqual(tokens("   ", "words", part), []);
    assert.deepEqual(tokens("ab", "bytes", part), ["a", "b"]);
  });

  test(`characters keep their bytes together, broken ones stand alone, ${part} at a time`, () => {
    assert.deepEqual(tokens("aü€😀", "runes", part).map((rune) => rune.length), [1, 2, 3, 4]);
    assert.deepEqual(
      tokens(new Uint8Array([0xc3, 0x61, 0xff, 0xe2, 0x82]), "runes", part).map((rune) => rune.length),
      [1, 1, 1, 1, 1],
    );
  });
}

test("a line without end stops the scanner", () => {
  const scanner = new Scanner(() => new Uint8Array(SCANNER_TOKEN_BYTES_MAX).fill(97), "lines");
  assert.equal(scanner.scan(), false);
  assert.equal(scanner.error?.kind, "LimitExceeded");
  assert.equal(scanner.scan(), false);
});
