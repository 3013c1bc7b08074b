import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { staleIndexes } from "../../scripts/gen.ts";
import { kinds } from "../../src/kinds/index.gen.ts";
import { declarations } from "../../std/declarations.gen.ts";
import { modules } from "../../std/index.gen.ts";

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

function module(name: string): string {
  return `export default defineModule({\n  name: "${name}",\n  types,\n  classes: ["io", "time"],\n});\n`;
}

test("gen refuses a definition whose name it can't read", () => {
  withTree({ "src/kinds/store/memory.ts": "export default defineKind({\n  name: NAME,\n});\n" }, (root) => {
    assert.throws(
      () => staleIndexes(root),
      /src\/kinds\/store\/memory\.ts: the name of a definition must be/,
    );
  });
});

test("indexes of modules and kinds say what the definitions say", async () => {
  for (const { classes, name, load } of modules) {
    const definition = await load();
    assert.deepEqual([name, classes], [definition.name, definition.classes]);
    const declared = declarations.find((declaration) => declaration.name === name);
    assert.deepEqual(declared, { name, classes, types: definition.types });
  }
  for (const { aliases, load, name, partOf } of kinds) {
    const definition = await load();
    assert.deepEqual([name, aliases, partOf], [definition.name, definition.aliases, definition.partOf]);
  }
});

test("gen lists modules and kinds by folder and leaves helpers out", () => {
  withTree({
    "std/hash/mod.ts": module("hash"),
    "std/hash/digest.ts": "export function digest() {}\n",
    "std/process/mod.ts": module("process"),
    "src/kinds/store/memory.ts": `const LIMITS = {\n  name: "limits",\n};\nexport default defineKind({
  name: "store.memory",\n  aliases: ["variable"],\n  partOf: "set",\n});\n`,
    "src/kinds/store/memory_store.ts": "export class MemoryStore {}\n",
  }, (root) => {
    const texts = new Map(staleIndexes(root).map(({ path, text }) => [path, text]));
    const sources = texts.get("std/index.gen.ts") ?? "";
    const load = 'load: async () => (await import("./hash/mod.ts")).default';
    assert.ok(
      sources.includes(`  { name: "hash", classes: ["io", "time"], ${load} },\n  { name: "process"`),
      sources,
    );
    assert.doesNotMatch(sources, /digest/);
    const declarations = texts.get("std/declarations.gen.ts") ?? "";
    assert.match(declarations, /import hashTypes from "\.\/hash\/hash\.d\.lua" with \{ type: "text" \};/);
    assert.match(declarations, /\{ name: "hash", classes: \["io", "time"\], types: hashTypes \}/);
    const kinds = texts.get("src/kinds/index.gen.ts") ?? "";
    assert.match(
      kinds,
      /\{ name: "store\.memory", aliases: \["variable"\], partOf: "set", load: .*"\.\/store\/memory\.ts"/,
    );
    assert.doesNotMatch(kinds, /memory_store/);
  });
});

test("gen says nothing about an index that is as it should be", () => {
  withTree({ "std/hash/mod.ts": module("hash") }, (root) => {
    for (const { path, text } of staleIndexes(root)) writeFileSync(join(root, path), text);
    assert.deepEqual(staleIndexes(root), []);
  });
});
