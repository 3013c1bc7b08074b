/** What `wippy lint` keeps between runs, and what `--fix` changes. */
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { MIXED, report } from "./lint_project.ts";
import { inFolder, wippy } from "./wippy.ts";

const CACHE = ".wippy/cache/lua/lint";

/** The stored report with its message replaced, so that whoever reads it can be told. */
function forge(cwd: string, from: RegExp, to: string): void {
  const folder = join(cwd, CACHE);
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    writeFileSync(path, readFileSync(path, "utf8").replaceAll(from, to));
  }
}

test("findings are kept until something they depend on changes, or they are to be forgotten [lint.cache] [linter.cache]", async () => {
  await inFolder(MIXED, async (cwd) => {
    const messages = async (...flags: string[]): Promise<string[]> =>
      (await report(cwd, "--ns", "app.*", "--code", "E0001,E0003", ...flags)).diagnostics.map(({ message }) =>
        message
      );
    const fresh = await messages();
    forge(cwd, /not assignable/g, "NOT ASSIGNABLE");
    const kept = await messages();
    assert.deepEqual(kept, fresh.map((message) => message.replace("not assignable", "NOT ASSIGNABLE")));
    assert.deepEqual(await messages("--cache-reset"), fresh);

    // A change of one entry leaves the others' findings where they are; importers follow their imports. So does a look at a part.
    await report(cwd, "--ns", "app.lib");
    forge(cwd, /not assignable/g, "NOT ASSIGNABLE");
    const library = join(cwd, "src/lib/shapes.lua");
    writeFileSync(library, readFileSync(library, "utf8").replace("hieght", "height"));
    assert.deepEqual(await messages(), [
      "string not assignable to number",
      "table not assignable to Shape: missing 'width'",
      "string NOT ASSIGNABLE to integer",
    ]);
    // So do the settings of the type system.
    forge(cwd, /not assignable/g, "NOT ASSIGNABLE");
    assert.ok((await messages()).some((message) => message.includes("NOT ASSIGNABLE")));
    assert.deepEqual(
      (await messages("--set", "lua.type_system.strict=true")).filter((message) =>
        message.includes("NOT ASSIGNABLE")
      ),
      [],
    );
    // So does the method's name.
    const index = join(cwd, "src/_index.yaml");
    writeFileSync(
      index,
      readFileSync(index, "utf8").replaceAll("method: main\n    source: |", "method: other\n    source: |"),
    );
    assert.equal((await messages()).at(-1), "string not assignable to integer");
  });
});

test("the cache is where and how the configuration says [types.config.cache]", async () => {
  await inFolder(MIXED, async (cwd) => {
    const folder = join(cwd, "kept/lint");
    await wippy(["lint", "--set", "lua.cache.dir=kept", "--set", "lua.cache.mode=off"], { cwd });
    assert.ok(!existsSync(join(cwd, "kept")), "mode off writes nothing");
    await wippy([
      "lint",
      "--set",
      "lua.cache.dir=kept",
      "--set",
      "lua.cache.enabled=true",
      "--set",
      "lua.cache.typecheck.enabled=false",
    ], {
      cwd,
    });
    assert.ok(!existsSync(join(cwd, "kept")), "nor does a typecheck cache that is off");
    await wippy(["lint", "--set", "lua.cache.dir=kept"], { cwd });
    const written = readdirSync(folder).sort();
    assert.equal(written.length, 2);
    const readonly = ["lint", "--set", "lua.cache.dir=kept", "--set", "lua.cache.mode=readonly"];
    await wippy(readonly, { cwd });
    assert.deepEqual(readdirSync(folder).sort(), written, "mode readonly adds nothing");
    if (process.platform !== "win32") {
      for (const name of written) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
    }
    // A broken cache is an empty one, and so is one that was tampered with.
    const good = JSON.parse(readFileSync(join(folder, written[0]!), "utf8"));
    const tampered = [5, [], {}, { "app:add": 1 }, { "app:add": { key: "x", findings: [{}] } }, {
      observations: [["read"]],
      report: {},
    }].map((content) => JSON.stringify({ ...good, content }));
    for (const broken of ["{", "null", ...tampered]) {
      for (const name of written) writeFileSync(join(folder, name), broken);
      const again = await wippy(["lint", "--set", "lua.cache.dir=kept"], { cwd });
      assert.match(again.stdout, /Checked 6 entries: 6 errors, 0 warnings\n$/);
    }
    rmSync(join(cwd, "src/other"), { recursive: true });
    const less = await wippy(["lint", "--set", "lua.cache.dir=kept"], { cwd });
    assert.match(less.stdout, /Checked 5 entries: 6 errors/, "a folder that is gone is noticed");
  });
});

test("a link that came with a project in place of its cache leads no writing elsewhere", async () => {
  await inFolder({ ...MIXED, "precious": "text" }, async (cwd) => {
    mkdirSync(join(cwd, CACHE), { recursive: true });
    symlinkSync(join(cwd, "precious"), join(cwd, CACHE, "entries.json.new"));
    await report(cwd, "--ns", "app.*");
    assert.equal(readFileSync(join(cwd, "precious"), "utf8"), "text");
    assert.ok(existsSync(join(cwd, CACHE, "entries.json")));
  });
});

test("--fix makes the mechanical changes and leaves the rest of the text alone", async () => {
  const definition = `namespace: app # kept
entries:
  - name: main # kept
    kind: function.lua
    source: file://main.lua
    method: main
    modules:
      - sql # goes
      - json
    imports: { a: app:lib, b: app:lib }
  - name: lib
    kind: library.lua
    source: |
      local time = require("time")
      local found, rest = string.gsub("a", "a", "b")
      return { found = found }
`;
  await inFolder({
    "src/_index.yaml": definition,
    "src/main.lua": `local json = require("json")
local hash = require("hash")
local unused = require("json") -- a remark keeps the line

return { main = function(request)
  return json.encode(hash.md5("x")), a.found
end }
`,
  }, async (cwd) => {
    const { stdout, stderr, code } = await wippy(["lint", "--rules", "--level", "hint", "--fix"], { cwd });
    assert.equal(code, 0, stdout + stderr);
    assert.match(stderr, /Fixed 6 issues in src\/_index\.yaml, src\/main\.lua\n/);
    assert.equal(
      readFileSync(join(cwd, "src/_index.yaml"), "utf8"),
      `namespace: app # kept
entries:
  - name: main # kept
    kind: function.lua
    source: file://main.lua
    method: main
    modules:
      - json
      - hash
    imports: { a: app:lib }
  - name: lib
    kind: library.lua
    source: |
      local found, _rest = string.gsub("a", "a", "b")
      return { found = found }
`,
    );
    assert.equal(
      readFileSync(join(cwd, "src/main.lua"), "utf8"),
      `local json = require("json")
local hash = require("hash")
local unused = require("json") -- a remark keeps the line

return { main = function(_request)
  return json.encode(hash.md5("x")), a.found
end }
`,
    );
    const again = await wippy(["lint", "--rules", "--level", "hint", "--fix"], { cwd });
    assert.match(again.stderr, /Nothing to fix\n/);
  });
});

test("--fix changes files by what it finds itself, not by what a cache says", async () => {
  const source = 'local unused = require("json")\nreturn {}\n';
  await inFolder({
    "src/_index.yaml":
      'namespace: app\nentries:\n  - {name: main, kind: library.lua, source: "file://main.lua", modules: [json]}\n',
    "src/main.lua": source,
  }, async (cwd) => {
    await wippy(["lint", "--rules"], { cwd });
    forge(cwd, /"text":""/g, '"text":"os.exit()"');
    await wippy(["lint", "--rules", "--fix"], { cwd });
    assert.equal(readFileSync(join(cwd, "src/main.lua"), "utf8"), "return {}\n");
  });
});
