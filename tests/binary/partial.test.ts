/** A binary that was built without a module: smaller, and clear about what it lacks. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { BUN } from "../../scripts/command.ts";
import { refusal } from "../../scripts/build_tree.ts";
import { ROOT } from "../../scripts/source_tree.ts";

const BINARY = process.env["WIPPY_BINARY"];
const BUILD_MS = 300_000;

const ENTRIES = `version: "1.0"
namespace: app
entries:
  - { name: parse, kind: function.lua, method: main, modules: [treesitter], source: "file://parse.lua" }
  - { name: pack, kind: function.lua, method: main, modules: [compress], source: "file://pack.lua" }
`;
const PARSE = `local treesitter = require("treesitter")
return { main = function() return treesitter.parse("lua", "x = 1"):root_node():kind() end }
`;
const PACK = `local compress = require("compress")
return { main = function() return compress.gzip.decode(assert(compress.gzip.encode("whole"))) end }
`;

interface Ran {
  readonly code: number;
  readonly output: string;
}

function run(program: string, args: readonly string[], cwd: string): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(program, args, { cwd, timeout: BUILD_MS }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: stdout + stderr });
    });
  });
}

test(
  "a build without tree-sitter is smaller and says what it lacks [ts.optional]",
  { timeout: BUILD_MS },
  async (context: TestContext) => {
    if (BINARY === undefined) return context.skip("WIPPY_BINARY names no binary");
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "wippy-partial-")));
    try {
      const small = join(folder, "wippy");
      const built = await run(BUN, ["scripts/build.ts", "--without", "treesitter", "--outfile", small], ROOT);
      assert.equal(built.code, 0, built.output);
      assert.ok(
        statSync(small).size < statSync(BINARY).size - 1_000_000,
        "grammars take more than a megabyte",
      );

      const project = join(folder, "project");
      mkdirSync(join(project, "src"), { recursive: true });
      writeFileSync(join(project, "src/_index.yaml"), ENTRIES);
      writeFileSync(join(project, "src/parse.lua"), PARSE);
      writeFileSync(join(project, "src/pack.lua"), PACK);
      const whole = await run(BINARY, ["call", "app:parse"], project);
      assert.match(whole.output, /chunk/);

      const refused = await run(small, ["call", "app:parse"], project);
      assert.equal(refused.code, 1);
      assert.match(refused.output, /\(Unavailable\).*app:parse: module "treesitter" is not in this build/);
      const linted = await run(small, ["lint"], project);
      assert.equal(linted.code, 1);
      assert.match(
        linted.output,
        /_index\.yaml:4:\d+: error: module treesitter is not in this build \[E0014\]/,
      );
      assert.match(linted.output, /1 errors/, "types are known all the same");
      const listed = await run(small, ["docs"], project);
      assert.ok(listed.output.includes("compress") && !listed.output.includes("treesitter"));

      writeFileSync(join(project, "src/_index.yaml"), ENTRIES.replace(/^.*name: parse.*\n/m, ""));
      assert.match((await run(small, ["call", "app:pack"], project)).output, /whole/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test("what every program has can't be left out of a build", () => {
  assert.equal(refusal("treesitter"), undefined);
  assert.equal(refusal("channel"), "every program has channel");
  assert.equal(refusal("stream"), "every program has stream");
  assert.equal(refusal("nothing"), "there is no module nothing");
  assert.equal(refusal("../src"), "there is no module ../src");
});
