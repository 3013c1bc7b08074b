/** `wippy fmt`: files, folders, standard input, checking, what is left alone. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inFolder, wippy } from "./wippy.ts";

const UGLY = `local function greet( name:string ):string
    return "hello "..name -- polite
end


return {greet=greet}
`;

const NEAT = `local function greet(name: string): string
  return "hello " .. name -- polite
end

return {greet = greet}
`;

const INDEX = `version: "1.0"
namespace:   app


# about the function
entries:
    - name: greet   # first
      kind: function.lua
      source: file://greet.lua
      modules: [ http,json ]
      mode: 0644
      since: 2024-01-01
      text: |
         kept
           as it is
`;

const NEAT_INDEX = `version: "1.0"
namespace: app

# about the function
entries:
  - name: greet # first
    kind: function.lua
    source: file://greet.lua
    modules: [http, json]
    mode: 0644
    since: 2024-01-01
    text: |
      kept
        as it is
`;

const FILES = {
  "src/greet.lua": UGLY,
  "src/_index.yaml": INDEX,
  "src/other.yaml": "a:   1\n",
  ".cache/x.lua": UGLY,
};

test("fmt lays out the sources and definition files of a folder, and finds nothing the second time", async () => {
  await inFolder(FILES, async (folder) => {
    const first = await wippy(["fmt"], { cwd: folder });
    assert.deepEqual([first.code, first.stdout], [0, "src/_index.yaml\nsrc/greet.lua\n"]);
    assert.equal(first.stderr, "2 files looked at, 2 formatted\n");
    assert.equal(readFileSync(join(folder, "src/greet.lua"), "utf8"), NEAT);
    assert.equal(readFileSync(join(folder, "src/_index.yaml"), "utf8"), NEAT_INDEX);
    assert.equal(readFileSync(join(folder, "src/other.yaml"), "utf8"), "a:   1\n");
    assert.equal(readFileSync(join(folder, ".cache/x.lua"), "utf8"), UGLY);
    const second = await wippy(["fmt", "src/greet.lua", "src"], { cwd: folder });
    assert.deepEqual([second.code, second.stdout], [0, ""]);
  });
});

test("fmt --check writes nothing and exits with 1 while something would change", async () => {
  await inFolder(FILES, async (folder) => {
    const found = await wippy(["fmt", "--check", "--json"], { cwd: folder });
    assert.equal(found.code, 1);
    assert.deepEqual(JSON.parse(found.stdout), {
      changed: ["src/_index.yaml", "src/greet.lua"],
      failed: [],
      total: 2,
    });
    assert.equal(readFileSync(join(folder, "src/greet.lua"), "utf8"), UGLY);
    await wippy(["fmt"], { cwd: folder });
    assert.equal((await wippy(["fmt", "--check"], { cwd: folder })).code, 0);
  });
});

test("fmt leaves files with mistakes alone, says where they are wrong, and goes on with the others", async () => {
  const bad = {
    "a.lua": "local x = =\n",
    "b.lua": "x=1",
    "_index.yaml": "a: [1\nb: 2\n",
    "c.lua": "x = '\u00e9'",
  };
  await inFolder(bad, async (folder) => {
    const { code, stdout, stderr } = await wippy(["fmt"], { cwd: folder });
    assert.deepEqual([code, stdout], [1, "b.lua\nc.lua\n"]);
    assert.match(stderr, /^_index\.yaml:\d+:\d+: /m);
    assert.match(stderr, /^a\.lua:1:11: expected an expression, found '=' \[P0001\]$/m);
    assert.match(stderr, /4 files looked at, 2 formatted, 2 left alone for mistakes/);
    assert.equal(readFileSync(join(folder, "a.lua"), "utf8"), "local x = =\n");
  });
});

test("fmt --stdin answers on stdout; the path tells what the text is", async () => {
  const lua = await wippy(["fmt", "--stdin"], { input: UGLY });
  assert.deepEqual([lua.code, lua.stdout, lua.stderr], [0, NEAT, ""]);
  const yaml = await wippy(["fmt", "--stdin", "src/_index.yaml"], { input: INDEX });
  assert.deepEqual([yaml.code, yaml.stdout], [0, NEAT_INDEX]);
  const declarations = await wippy(["fmt", "--stdin", "x.d.lua"], {
    input: "function m.f( a:string ):string\n",
  });
  assert.deepEqual([declarations.code, declarations.stdout], [0, "function m.f(a: string): string\n"]);
  assert.equal((await wippy(["fmt", "--stdin", "--check"], { input: UGLY })).code, 1);
  const bad = await wippy(["fmt", "--stdin"], { input: "x = =" });
  assert.deepEqual([bad.code, bad.stdout], [1, ""]);
});

test("fmt of what can't be formatted is misuse", async () => {
  await inFolder({ "x.txt": "" }, async (folder) => {
    const missing = await wippy(["fmt", "nowhere.lua"], { cwd: folder });
    assert.deepEqual([missing.code, missing.stderr], [2, "error: nowhere.lua: no such file or folder\n"]);
    const other = await wippy(["fmt", "x.txt"], { cwd: folder });
    assert.equal(other.code, 2);
    assert.match(other.stderr, /only \.lua, \.yaml and \.yml files can be formatted/);
  });
});

test("what init writes is laid out already", async () => {
  for (const template of ["http", "command", "service"]) {
    await inFolder({}, async (folder) => {
      assert.equal((await wippy(["init", ".", "--template", template], { cwd: folder })).code, 0);
      const { code, stdout } = await wippy(["fmt", "--check"], { cwd: folder });
      assert.deepEqual([code, stdout], [0, ""], template);
    });
  }
});

test("the shell completes the paths that fmt takes", async () => {
  assert.equal((await wippy(["__complete", "--", "fmt", ""])).stdout, "<file>\n");
  assert.equal((await wippy(["__complete", "--", "lsp", ""])).stdout, "<directory>\n");
});
