/** What `wippy call` of the binary remembers of a project, as somebody meets it who calls, edits and calls again. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type CommandEnd, inFolder, wippy } from "../cli/wippy.ts";

const APP = {
  "src/_index.yaml": `version: "1.0"
namespace: app
entries:
  - { name: greet, kind: function.lua, source: "file://greet.lua", method: main, imports: { words: words } }
  - { name: words, kind: library.lua, source: "file://words.lua" }
`,
  "src/greet.lua": `return { main = function(name)
  if name == nil then error("no name") end
  return require("words").hello .. " " .. name
end }
`,
  "src/words.lua": 'return { hello = "hello" }\n',
};

test("the next call sees what was edited, whatever is remembered", async (context) => {
  if (!process.env["WIPPY_BINARY"]) return context.skip("WIPPY_BINARY names no binary");
  await inFolder(APP, async (cwd) => {
    const account = join(cwd, "account");
    const call = (...args: string[]): Promise<CommandEnd> =>
      wippy(["call", "app:greet", ...args], { cwd, env: { WIPPY_CACHE_DIR: account } });
    const said = async (...args: string[]): Promise<string> => (await call(...args)).stdout;
    const plans = (): number =>
      existsSync(join(account, "calls")) ? readdirSync(join(account, "calls")).length : 0;

    assert.equal(await said("--fresh", "Ada"), '"hello Ada"\n');
    assert.equal(plans(), 0);
    for (const name of ["Ada", "Bob"]) assert.equal(await said(name), `"hello ${name}"\n`);
    assert.equal(plans(), 1);
    writeFileSync(join(cwd, "src/words.lua"), 'return { hello = "salve" }\n');
    for (let i = 0; i < 2; i++) assert.equal(await said("Ada"), '"salve Ada"\n');

    // What goes wrong with a remembered function stands where it stood.
    const failed = await call();
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /no name[\s\S]*src\/greet\.lua:2/);

    writeFileSync(
      join(cwd, "src/_index.yaml"),
      APP["src/_index.yaml"].replace("imports: { words: words }", ""),
    );
    const unknown = await call("Ada");
    assert.match(unknown.stderr, /words/);
    assert.equal(unknown.code, 1);
    rmSync(join(cwd, "src/greet.lua"));
    assert.match((await call("Ada")).stderr, /file not found: src\/greet\.lua/);
    writeFileSync(
      join(cwd, "src/_index.yaml"),
      APP["src/_index.yaml"].replace("name: greet", "name: greets"),
    );
    assert.match((await call("Ada")).stderr, /there is no function app:greet; did you mean app:greets/);
  });
});

test("what comes from a pack is not remembered", async (context) => {
  if (!process.env["WIPPY_BINARY"]) return context.skip("WIPPY_BINARY names no binary");
  const files = {
    "http/wippy.yaml": "organization: acme\nmodule: words\nversion: 1.0.0\ndescription: Words\n",
    "http/wippy.lock": "directories: { src: ./src }\n",
    "http/src/_index.yaml":
      'version: "1.0"\nnamespace: acme.words\nentries:\n  - { name: words, kind: library.lua, source: "file://words.lua" }\n',
    "http/src/words.lua": APP["src/words.lua"],
    "app/wippy.lock": "directories: { src: ./src }\nmodules:\n  - { name: acme/words, version: v1.0.0 }\n",
    "app/src/_index.yaml": `version: "1.0"
namespace: app
entries:
  - { name: dependency.words, kind: ns.dependency, component: acme/words, version: ^1.0.0 }
  - { name: greet, kind: function.lua, source: "file://greet.lua", method: main, imports: { words: "acme.words:words" } }
`,
    "app/src/greet.lua": APP["src/greet.lua"],
  };
  await inFolder(files, async (folder) => {
    const packed = await wippy(["pack", "words-v1.0.0.wapp"], { cwd: join(folder, "http") });
    assert.deepEqual([packed.code, packed.stderr], [0, ""]);
    const vendor = join(folder, "app/.wippy/vendor/acme");
    mkdirSync(vendor, { recursive: true });
    renameSync(join(folder, "http/words-v1.0.0.wapp"), join(vendor, "words-v1.0.0.wapp"));
    const account = join(folder, "account");
    for (let i = 0; i < 2; i++) {
      const { stdout, stderr } = await wippy(["call", "app:greet", "Ada"], {
        cwd: join(folder, "app"),
        env: { WIPPY_CACHE_DIR: account },
      });
      assert.deepEqual([stdout, stderr], ['"hello Ada"\n', ""]);
    }
    assert.equal(existsSync(join(account, "calls")), false);
  });
});
