import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { staleIndexes } from "../../scripts/gen.ts";

function withTree(files: Record<string, string>, run: (root: string) => void): void {
  const root = mkdtempSync(join(tmpdir(), "wippy-gen-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    run(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

test("gen lists modules and kinds by folder and leaves helpers out", () => {
  withTree({
    "std/hash/mod.ts": "export default defineModule({});\n",
    "std/hash/digest.ts": "export function digest() {}\n",
    "std/process/mod.ts": "export default defineModule({});\n",
    "src/kinds/store/memory.ts": "export default defineKind({});\n",
    "src/kinds/store/memory_store.ts": "export class MemoryStore {}\n",
  }, (root) => {
    const [std, kinds] = staleIndexes(root);
    assert.equal(std?.path, "std/index.gen.ts");
    assert.match(
      std?.text ?? "",
      /import hashDefinition from "\.\/hash\/mod\.ts";\nimport processDefinition/,
    );
    assert.doesNotMatch(std?.text ?? "", /digest/);
    assert.match(kinds?.text ?? "", /import storeMemoryDefinition from "\.\/store\/memory\.ts";/);
    assert.doesNotMatch(kinds?.text ?? "", /memory_store/);
  });
});

test("gen says nothing about an index that is as it should be", () => {
  withTree({ "std/hash/mod.ts": "export default defineModule({});\n" }, (root) => {
    for (const { path, text } of staleIndexes(root)) writeFileSync(join(root, path), text);
    assert.deepEqual(staleIndexes(root), []);
  });
});
