import assert from "node:assert/strict";
import { test } from "node:test";
import { bans, texts } from "../../scripts/tidy/bans.ts";
import { type Check, treeOf } from "../../scripts/tidy/check.ts";
import { cycles, deadFiles, packages, ranks } from "../../scripts/tidy/imports.ts";
import {
  cases,
  defaults,
  documented,
  names,
  RATCHET_PATH,
  size,
  topLevel,
} from "../../scripts/tidy/layout.ts";
import { CHECKS } from "../../scripts/tidy.ts";

function findings(check: Check, files: Record<string, string>, top: string[] = []): string[] {
  const tree = treeOf(Object.keys(files), top, (path) => files[path]!);
  return check.run(tree).map(({ path, line, message }) => `${path}:${line ?? 0}: ${message}`);
}

test("tidy top-level: only the agreed names", () => {
  const found = findings(topLevel, {}, ["src", ".git", "node_modules", "README.md", "notes.txt"]);
  assert.deepEqual(found, ["notes.txt:0: does not belong at the top level"]);
});

test("tidy names: snake_case and a name that says something", () => {
  const found = findings(names, {
    "src/core/run_queue.ts": "",
    "src/core/run_queue.test.ts": "",
    "std/index.gen.ts": "",
    "src/core/RunQueue.ts": "",
    "src/core/utils.ts": "",
    "src/impl/a.ts": "",
  });
  assert.equal(found.length, 3);
  assert.match(found.join("\n"), /RunQueue[\s\S]*utils[\s\S]*impl/);
});

test("tidy ranks: only from a lower rank, through mod.ts", () => {
  const found = findings(ranks, {
    "src/vm/a.ts": 'import { x } from "../core/mod.ts";\nimport { y } from "../process/mod.ts";\n',
    "src/core/a.ts": 'import type { Clock } from "../ports/mod.ts";\n',
    "src/lua/a.ts": 'import { z } from "../vm/codec.ts";\nexport * from "./b.ts";\n',
    "src/app/a.ts":
      'import { modules } from "../../std/index.gen.ts";\nimport { kinds } from "../kinds/index.gen.ts";\n',
    "std/hash/mod.ts":
      'import { k } from "../../src/kinds/mod.ts";\nimport { t } from "../../tests/fake.ts";\n',
  });
  assert.deepEqual(found, [
    "src/vm/a.ts:2: src/vm may not import src/process: import from a lower rank only",
    "src/core/a.ts:1: src/core may not import src/ports: import from a lower rank only",
    "src/lua/a.ts:1: imports src/vm/codec.ts: enter src/vm through its mod.ts",
    "std/hash/mod.ts:1: std may not import src/kinds: import from a lower rank only",
    "std/hash/mod.ts:2: imports tests/fake.ts, which is outside the ranked folders",
  ]);
});

test("tidy packages: runtimes in platform and cli, third parties there and from rank 4 up", () => {
  const found = findings(packages, {
    "src/platform/a.ts": 'import { readFileSync } from "node:fs";\nimport ws from "ws";\n',
    "src/registry/a.ts": 'import { parse } from "yaml";\n',
    "std/yaml/a.ts": 'import { parse } from "yaml";\nimport { Database } from "bun:sqlite";\n',
    "src/app/a.ts": 'const fs = await import("node:fs");\n',
    "src/registry/a.test.ts": 'import { test } from "node:test";\n',
  });
  assert.deepEqual(found.map((line) => line.replace(/:(?= ).*?(imports [^:]*(:[a-z]+)?).*/, " $1")), [
    "src/registry/a.ts:1 imports yaml",
    "std/yaml/a.ts:2 imports bun:sqlite",
    "src/app/a.ts:1 imports node:fs",
  ]);
});

test("tidy cycles: values count, types do not", () => {
  const found = findings(cycles, {
    "src/core/a.ts": 'import { b } from "./b.ts";\n',
    "src/core/b.ts": 'import { c } from "./c.ts";\n',
    "src/core/c.ts": 'import { a } from "./a.ts";\nimport { type B } from "./b.ts";\n',
    "src/core/d.ts": 'import type { E } from "./e.ts";\n',
    "src/core/e.ts": 'import { d } from "./d.ts";\n',
  });
  assert.deepEqual(found, [
    "src/core/c.ts:1: import cycle: src/core/a.ts -> src/core/b.ts -> src/core/c.ts -> src/core/a.ts",
  ]);
});

test("tidy dead-files: unused files, and files that only tests use", () => {
  const found = findings(deadFiles, {
    "src/core/mod.ts": 'export * from "./used.ts";\n',
    "src/core/used.ts": "",
    "src/core/unused.ts": "",
    "src/core/tested.ts": "",
    "src/core/tested.test.ts": 'import { t } from "./tested.ts";\n',
    "tests/fake.ts": "",
    "tests/a.test.ts": 'import "./used_fake.ts";\n',
    "tests/used_fake.ts": "",
    "tests/lua/core/case.lua": "",
    "tests/lua/core/case.ts": "",
    "tests/lua/core/none.ts": "",
  });
  assert.deepEqual(found, [
    "src/core/unused.ts:0: nothing imports it: delete it or use it",
    "src/core/tested.ts:0: only tests import it: move it under tests or use it",
    "tests/fake.ts:0: nothing imports it: delete it or use it",
    "tests/lua/core/none.ts:0: nothing imports it: delete it or use it",
  ]);
});

test("tidy bans: code only, with the replacement, outside the folders that may", () => {
  const banned =
    "const a = Date.now();\nMath.random();\nsetTimeout(f, 1);\nconsole.log(1);\nBun.file(a);\nDeno.exit();\n" +
    "process.env.HOME;\nconst b: any = 1;\nenum E { A }\ntry { f(); } catch { }\n";
  const found = findings(bans, {
    "src/core/a.ts": banned,
    "src/core/b.ts":
      '// Date.now() and Math.random\nconst text = "setTimeout"; call.process.pid; many(any);\n',
    "src/platform/a.ts": "Date.now(); setTimeout(f, 1); Bun.serve(o); process.env.HOME;\n",
    "src/core/a.test.ts": "Math.random();\n",
  });
  assert.deepEqual(found.map((line) => line.split(" is banned")[0]), [
    "src/core/a.ts:1: Date.now",
    "src/core/a.ts:2: Math.random",
    "src/core/a.ts:3: setTimeout",
    "src/core/a.ts:4: console.",
    "src/core/a.ts:5: Bun.",
    "src/core/a.ts:6: Deno.",
    "src/core/a.ts:7: process.env",
    "src/core/a.ts:8: : any",
    "src/core/a.ts:9: enum",
    "src/core/a.ts:10: catch { }",
  ]);
  assert.match(found[0]!, /use the Clock port$/);
});

test("tidy texts: unfinished marks, machine paths and registry hosts in any file", () => {
  const found = findings(texts, {
    "a.md": `fine\n${"FIX"}ME later\nsee ${"/wo"}rk/main and ${"/ro"}ot/x\n`,
    ".ci/run": `curl https://registry.${"npm"}js.org/x\n`,
    "b.ts": 'const path = "./work/main"; const url = "http://127.0.0.1/home";\n',
    "c.png": `${"FIX"}ME`,
  });
  assert.deepEqual(found.map((line) => line.split(": ")[0]), ["a.md:2", "a.md:3", ".ci/run:1"]);
});

test("tidy size: long files fail, known ones may only shrink", () => {
  const lines = (n: number) => "x\n".repeat(n);
  const files = {
    "src/a.ts": lines(401),
    "src/b.ts": lines(500),
    "src/c.ts": lines(400),
    "src/d.ts": lines(450),
  };
  const ratchet = JSON.stringify({ "src/b.ts": 500, "src/c.ts": 420, "src/d.ts": 440 });
  const found = findings(size, { ...files, [RATCHET_PATH]: ratchet });
  assert.deepEqual(found.map((line) => line.split(":0: ")), [
    ["src/a.ts", "401 lines, at most 400: split it"],
    ["src/d.ts", "450 lines, at most 440: split it"],
    ["src/c.ts", "is shorter than 420 lines now: run bun scripts/tidy.ts --ratchet"],
  ]);
});

test("tidy documented: a header on each file, a comment on each export", () => {
  const found = findings(documented, {
    "src/core/a.ts":
      "/** Owns a. */\n/** One. */\nexport function one(): void;\nexport function one(x?: number): void {}\nexport const two = 2;\nfunction three() {}\n",
    "src/core/b.ts": "export * from './a.ts';\n",
    "src/core/a.test.ts": "export const x = 1;\n",
  });
  assert.deepEqual(found, [
    "src/core/a.ts:5: two is exported without a comment: state its contract",
    "src/core/b.ts:1: has no header: say what it owns",
  ]);
});

test("tidy defaults: only definitions have a default export", () => {
  const file = "/** x */\nexport default defineModule({});\n";
  const found = findings(defaults, {
    "std/hash/mod.ts": file,
    "src/kinds/a.ts": file,
    "src/core/a.ts": file,
  });
  assert.deepEqual(found, ["src/core/a.ts:0: has a default export: only definitions have one"]);
});

test("tidy cases: a module or kind without cases is not finished", () => {
  const kind = (name: string) => `/** x */\nexport default defineKind({\n  name: "${name}",\n});\n`;
  const found = findings(cases, {
    "std/hash/mod.ts": "",
    "std/json/mod.ts": "",
    "tests/lua/std/json/encode.lua": "",
    "src/kinds/store/memory.ts": kind("store.memory"),
    "src/kinds/sql/sqlite.ts": kind("db.sql.sqlite"),
    "tests/kinds/db.sql.sqlite/_index.yaml": "",
  });
  assert.deepEqual(found, [
    "std/hash/mod.ts:0: has no cases: write tests/lua/std/hash/*.lua",
    "src/kinds/store/memory.ts:0: store.memory has no cases: write tests/kinds/store.memory/",
  ]);
});

test("tidy: each check has a name of its own", () => {
  assert.equal(new Set(CHECKS.map((check) => check.name)).size, CHECKS.length);
  assert.equal(CHECKS.length, 12);
});
