/** What a binary is built from knows what it is. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { writeBuildTree } from "../../scripts/build_tree.ts";
import { VERSION } from "../../src/cli/product.ts";

function productWithout(names: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "tree-"));
  try {
    writeBuildTree(names, join(folder, "tree"));
    return readFileSync(join(folder, "tree/src/cli/product.ts"), "utf8");
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("a build names its version and what it is made of: the same sources alike, others not", () => {
  const whole = productWithout([]);
  assert.match(whole, new RegExp(`VERSION = "${VERSION.replaceAll(".", "\\.")}"`));
  assert.match(whole, new RegExp(`BUILD = "${VERSION.replaceAll(".", "\\.")} [0-9a-f]{32}"`));
  assert.equal(productWithout([]), whole);
  assert.notEqual(productWithout(["excel"]), whole);
});
