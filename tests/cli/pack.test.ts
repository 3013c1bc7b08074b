/** `wippy pack`, and packs where commands take them. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { inFolder, start, wippy } from "./wippy.ts";

const SHOP = {
  "src/_index.yaml": `version: "1.0"
namespace: shop
entries:
  - name: terminal
    kind: terminal.host
    lifecycle: {auto_start: true}
  - name: host
    kind: process.host
    lifecycle: {auto_start: true}
  - name: assets
    kind: fs.directory
    directory: ./assets
  - name: data
    kind: fs.directory
    directory: ./data
    auto_init: true
  - name: total
    kind: function.lua
    source: file://total.lua
    method: main
  - name: text
    kind: function.lua
    method: main
    modules: [fs]
    source: |
      return { main = function(path) return assert(require("fs").get("shop:assets")):readfile(path) end }
  - name: keep
    kind: process.lua
    meta: {command: {name: keep, short: Writes a file}}
    method: main
    modules: [fs, io]
    source: |
      return { main = function(text)
        assert(assert(require("fs").get("shop:data")):writefile("kept.txt", text))
        require("io").print("kept")
        return 3
      end }
  - name: greet
    kind: process.lua
    meta: {command: {name: greet, short: Says hello, main: true}}
    method: main
    modules: [io]
    source: |
      return { main = function(...) require("io").print("hello", ...) end }
  - name: sums
    kind: function.lua
    meta: {type: test}
    method: main
    modules: [funcs]
    source: |
      return { main = function() return require("funcs").call("shop:total", 4) == 8 end }
`,
  "src/total.lua": `local function double(n)
  if n == nil then error("nothing to add") end
  return n * 2
end
return { main = function(n)
  local result = double(n)
  return result
end }
`,
  "src/extra/_index.yaml":
    "namespace: extra.inner\nentries:\n  - {name: a, kind: registry.entry}\n  - {name: b, kind: registry.entry}\n",
  "assets/index.html": "<h1>shop</h1>",
  "assets/css/site.css": "body {}",
};

/** Runs a command that must go well; what it printed. */
async function fine(cwd: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await wippy(args, { cwd });
  assert.deepEqual([code, stderr], [0, ""], `wippy ${args.join(" ")}`);
  return stdout;
}

/** Runs a command that must not; its exit code and what it said. */
async function refused(cwd: string, ...args: string[]): Promise<[number | null, string]> {
  const { code, stderr } = await wippy(args, { cwd });
  return [code, stderr];
}

/** A folder beside the project where only the pack is. */
function alone(cwd: string, pack: string): string {
  const folder = join(cwd, "alone");
  mkdirSync(folder);
  writeFileSync(join(folder, pack), readFileSync(join(cwd, pack)));
  return folder;
}

test("a pack runs where nothing else is: commands, functions, entries, tests [cli.pack] [cli.run.pack] [cli.test]", () =>
  inFolder(SHOP, async (project) => {
    const said = await fine(project, "pack", "shop.wapp", "--embed", "shop:assets", "--bytecode", "**");
    assert.match(said, /^shop\.wapp: 11 entries, 5 compiled, 2 files of 1 folder; [\d.]+ KB\n$/);
    const cwd = alone(project, "shop.wapp");
    assert.equal(
      await fine(cwd, "run", "shop.wapp", "list"),
      "Available commands:\n\n  greet  Says hello     (shop:greet)\n  keep   Writes a file  (shop:keep)\n\n" +
        "Run with: wippy run shop.wapp <command>\n",
    );
    const kept = await wippy(["run", "shop.wapp", "keep", "some text"], { cwd });
    assert.deepEqual([kept.code, kept.stdout], [3, "kept\n"]);
    assert.equal(readFileSync(join(cwd, "data/kept.txt"), "utf8"), "some text");
    assert.equal(await fine(cwd, "run", "shop.wapp", "-x", "shop:total", "--", "21"), "42\n");
    assert.equal(await fine(cwd, "call", "shop.wapp", "shop:total", "21"), "42\n");
    assert.equal(await fine(cwd, "call", "shop.wapp", "shop:text", "/index.html"), '"<h1>shop</h1>"\n');
    const failed = await wippy(["call", "shop.wapp", "shop:total"], { cwd });
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /nothing to add/);
    assert.match(failed.stderr, /at src\/total\.lua:2 +double\n +at src\/total\.lua:6/);
    assert.match(
      await fine(cwd, "registry", "list", "shop.wapp", "--kind", "fs.*"),
      /shop:assets +fs\.embed\s+shop:data +fs\.directory/,
    );
    assert.match(
      await fine(cwd, "registry", "show", "shop.wapp", "shop:total"),
      /^# src\/_index\.yaml:17\nid: shop:total\nkind: function\.lua\.bc\n/,
    );
    assert.match(await fine(cwd, "shell", "shop.wapp", "-e", 'funcs.call("shop:total", 3)'), /^6\n/);
    const tests = await wippy(["test", "shop.wapp"], { cwd });
    assert.equal(tests.code, 0, tests.stderr);
    assert.match(tests.stdout, /sums/);
    assert.deepEqual(readdirSync(cwd).sort(), [".wippy", "data", "shop.wapp"]);
  }));

test("a main command runs when none is named, without one the application starts [cli.command.main] [cli.run.pack]", () =>
  inFolder(SHOP, async (cwd) => {
    await fine(cwd, "pack", "shop.wapp");
    assert.equal(await fine(cwd, "run", "shop.wapp"), "hello\n");
    assert.equal(await fine(cwd, "run", "shop.wapp", "--", "to", "all"), "hello\tto\tall\n");
    const [code, unknown] = await refused(cwd, "run", "shop.wapp", "gret");
    assert.equal(code, 2);
    assert.match(
      unknown,
      /command "gret" not found\. Use 'wippy run shop\.wapp list' .*\nDid you mean wippy run shop\.wapp greet\?/,
    );
    await fine(cwd, "pack", "two.wapp", "-o", "shop:keep:meta.command.main=true");
    const [, several] = await refused(cwd, "run", "two.wapp");
    assert.match(several, /two\.wapp marks several main commands \(greet, keep\); name one/);
    await fine(cwd, "pack", "none.wapp", "-o", "shop:greet:meta.command.main=false");
    assert.match((await refused(cwd, "run", "none.wapp", "--", "word"))[1], /none\.wapp has no main command/);
    const serving = start(["run", "none.wapp", "-c"], { cwd });
    await serving.until(/runtime ready/);
    const reload = await refused(cwd, "registry", "reload");
    assert.equal(reload[0], 1);
    assert.match(reload[1], /runs from the pack none\.wapp, which has no files to read again/);
    serving.signal("SIGTERM");
    assert.equal((await serving.ended).code, 0);
  }));

test("folders are listed, and embedded as the flags or the manifest say [cli.pack.embed] [proj.manifest.embed]", () =>
  inFolder({ ...SHOP, "data/own.txt": "own" }, async (cwd) => {
    const list = await fine(cwd, "pack", "--list", "--embed", "assets");
    assert.match(
      list,
      /shop:assets +\.\/assets +yes +2 files, 20 bytes\nshop:data +\.\/data +no +1 file, 3 bytes\n/,
    );
    assert.equal(readdirSync(cwd).some((name) => name.endsWith(".wapp")), false);
    const kinds = async (): Promise<string> =>
      (await fine(cwd, "registry", "list", "x.wapp", "--kind", "fs.*")).replace(/ +/g, " ");
    const both = /shop:assets fs\.embed\s+shop:data fs\.embed/;
    await fine(cwd, "pack", "x.wapp");
    assert.match(await kinds(), /shop:assets fs\.directory\s+shop:data fs\.directory/);
    await fine(cwd, "pack", "x.wapp", "--embed-all");
    assert.match(await kinds(), both);
    await fine(cwd, "pack", "x.wapp", "--embed", "shop:a*,shop:data");
    assert.match(await kinds(), both);
    writeFileSync(join(cwd, "wippy.yaml"), "organization: acme\nmodule: shop\nembed: [shop:assets]\n");
    await fine(cwd, "pack", "x.wapp");
    assert.match(await kinds(), /shop:assets fs\.embed\s+shop:data fs\.directory/);
    assert.match(await fine(cwd, "pack", "--list"), /shop:assets .* yes /);
    await fine(cwd, "pack", "x.wapp", "--embed", "data");
    assert.match(await kinds(), /shop:assets fs\.directory\s+shop:data fs\.embed/);
    const [code, combined] = await refused(cwd, "pack", "x.wapp", "--embed-all", "--embed", "data");
    assert.equal(code, 2);
    assert.match(combined, /--embed-all embeds everything; it can't be combined with --embed/);
    const [, unknown] = await refused(cwd, "pack", "x.wapp", "--embed", "shop:asets");
    assert.match(unknown, /--embed: shop:asets is no fs\.directory entry; did you mean shop:assets\?/);
    writeFileSync(join(cwd, "wippy.yaml"), "embed: [other]\n");
    assert.match(
      (await refused(cwd, "pack", "x.wapp"))[1],
      /wippy\.yaml: embed: other is no fs\.directory entry/,
    );
  }));

test("namespaces and entries are left out [cli.pack.exclude]", () =>
  inFolder(SHOP, async (cwd) => {
    const ids = async (...args: string[]): Promise<string[]> => {
      await fine(cwd, "pack", "x.wapp", ...args);
      return [...(await fine(cwd, "registry", "list", "x.wapp")).matchAll(/^(\w+\S*:\S+)/gm)].map((match) =>
        match[1]!
      );
    };
    const all = await ids();
    assert.equal(all.length, 11);
    assert.deepEqual(all.filter((id) => id.startsWith("extra")), ["extra.inner:a", "extra.inner:b"]);
    assert.deepEqual(await ids("--exclude-ns", "extra.**"), all.filter((id) => !id.startsWith("extra")));
    assert.deepEqual(
      await ids("--exclude", "extra.inner:a", "--exclude", "shop:s*"),
      all.filter((id) => id !== "extra.inner:a" && id !== "shop:sums"),
    );
    assert.match(
      (await refused(cwd, "pack", "x.wapp", "--exclude-ns", "test.**"))[1],
      /--exclude-ns: test\.\*\* is no namespace/,
    );
    assert.match(
      (await refused(cwd, "pack", "x.wapp", "--exclude", "shop:sum"))[1],
      /--exclude: shop:sum is no entry; did you mean shop:sums\?/,
    );
  }));

test("description, tags and metadata are kept and shown [cli.pack.meta]", () =>
  inFolder({
    ...SHOP,
    "wippy.yaml": "organization: acme\nmodule: shop\nversion: 1.2.0\ndescription: Of the manifest\n",
  }, async (cwd) => {
    await fine(
      cwd,
      "pack",
      "x.wapp",
      "-d",
      "Release 1.0",
      "-t",
      "web, shop",
      "--meta",
      "commit=abc",
      "--meta",
      "a=b=c",
    );
    const shown = JSON.parse(await fine(cwd, "pack", "--inspect", "x.wapp", "--json"));
    assert.deepEqual(
      [shown.module, shown.version, shown.description, shown.tags, shown.meta],
      ["acme/shop", "1.2.0", "Release 1.0", ["web", "shop"], { commit: "abc", a: "b=c" }],
    );
    assert.deepEqual([shown.compiled, shown.runs_here], [0, true]);
    const text = await fine(cwd, "pack", "--inspect", "x.wapp");
    assert.match(text, /^module +acme\/shop 1\.2\.0$/m);
    assert.match(text, /^tags +web, shop$/m);
    assert.match(text, /^meta commit +abc$/m);
    await fine(cwd, "pack", "x.wapp");
    assert.match(await fine(cwd, "pack", "--inspect", "x.wapp"), /^description +Of the manifest$/m);
    await fine(cwd, "pack", "x.wapp", "--description", "red \u001b[31m\nlines");
    assert.match(await fine(cwd, "pack", "--inspect", "x.wapp"), /^description +red {2}\[31m lines$/m);
    assert.deepEqual(await refused(cwd, "pack", "x.wapp", "--meta", "novalue").then(([code]) => code), 2);
  }));

test("profiles are applied before packing, another lock file names the sources [cli.pack.profile]", () =>
  inFolder({
    ...SHOP,
    ".wippy.yaml": `profiles:
  loud:
    override: { "shop:greet:meta.command.short": "SAYS HELLO" }
  lean:
    disable: { namespaces: ["extra.**"] }
`,
    "other.lock": "directories: { src: ./src/extra }\n",
  }, async (cwd) => {
    await fine(cwd, "pack", "x.wapp", "--profile", "loud", "--profile", "lean");
    assert.match(await fine(cwd, "run", "x.wapp", "list"), /SAYS HELLO/);
    assert.doesNotMatch(await fine(cwd, "registry", "list", "x.wapp"), /extra/);
    await fine(cwd, "pack", "x.wapp", "-l", "other.lock");
    assert.match(await fine(cwd, "registry", "list", "x.wapp"), /extra\.inner:a[\s\S]*extra\.inner:b/);
    const [code, unknown] = await refused(cwd, "pack", "x.wapp", "--profile", "none");
    assert.deepEqual([code, /none: no such profile/.test(unknown)], [2, true]);
    const secret = 'override: { "shop:total:secret": "${env:HOME}" }\n';
    writeFileSync(join(cwd, ".wippy.yaml"), secret);
    const [, leak] = await refused(cwd, "pack", "y.wapp");
    assert.match(
      leak,
      /override\.shop:total:secret \(\.wippy\.yaml:1\): the value of \$\{env:HOME\} .* written into the pack/,
    );
    assert.equal(existsSync(join(cwd, "y.wapp")), false);
  }));

test("what is no pack, damaged, missing or out of place is told, and nothing starts [cli.run.pack] [cli.pack]", () =>
  inFolder(SHOP, async (cwd) => {
    await fine(cwd, "pack", "shop.wapp");
    const bytes = readFileSync(join(cwd, "shop.wapp"));
    writeFileSync(join(cwd, "cut.wapp"), bytes.subarray(0, bytes.length - 20));
    writeFileSync(join(cwd, "text.wapp"), "namespace: app\n");
    bytes[40]! ^= 1;
    writeFileSync(join(cwd, "bad.wapp"), bytes);
    assert.deepEqual(await refused(cwd, "run", "cut.wapp"), [
      1,
      "error (Invalid): cut.wapp: the pack is cut short; copy it again, or make it again\n",
    ]);
    assert.match(
      (await refused(cwd, "run", "bad.wapp"))[1],
      /bad\.wapp: the pack is damaged: bytes 16 to \d+; copy it again/,
    );
    assert.match(
      (await refused(cwd, "call", "text.wapp", "a:b"))[1],
      /text\.wapp: is no pack of this program/,
    );
    assert.deepEqual(await refused(cwd, "run", "none.wapp"), [2, "error: none.wapp: no such file\n"]);
    assert.match(
      (await refused(cwd, "lint", "shop.wapp"))[1],
      /shop\.wapp: this command works on the files of a project, not on a pack/,
    );
    assert.match(
      (await refused(cwd, "test", "shop.wapp", "--watch"))[1],
      /--watch needs the sources of a project/,
    );
    assert.match(
      (await refused(cwd, "test", "shop.wapp", "--coverage"))[1],
      /--coverage needs the sources of a project/,
    );
    assert.match((await refused(cwd, "run", "shop.wapp", "-l", "wippy.lock"))[1], /a lock file has no say/);
    assert.match(
      (await refused(cwd, "call", "shop.wapp", "shop:total", "--connect"))[1],
      /shop\.wapp is another one/,
    );
    assert.match((await refused(cwd, "pack"))[1], /where to\? usage: wippy pack <out\.wapp>/);
    assert.match((await refused(cwd, "pack", "shop.zip"))[1], /the name of a pack ends in \.wapp/);
    assert.match((await refused(cwd, "pack", "no/where.wapp"))[1], /there is no folder .*no/);
    writeFileSync(join(cwd, "src/total.lua"), "return {\n  1 +\n}\n");
    const broken = await refused(cwd, "pack", "shop.wapp");
    assert.equal(broken[0], 1);
    assert.match(broken[1], /at src\/total\.lua:\d+/);
    assert.match(
      await fine(cwd, "call", "shop.wapp", "shop:total", "4"),
      /^8\n$/,
      "the older pack is still there",
    );
  }));

test("versions that a pack's run has stored are looked at and rolled back to without it running [cli.run.pack]", () =>
  inFolder({
    "src/_index.yaml": `version: "1.0"
namespace: app
entries:
  - {name: limit, kind: registry.entry, value: 1}
  - name: raise
    kind: function.lua
    method: main
    modules: [registry]
    source: |
      return { main = function()
        local registry = require("registry")
        local changes = assert(registry.snapshot()):changes()
        changes:update({ id = "app:limit", kind = "registry.entry", meta = {}, data = { value = 2 } })
        return tostring(assert(changes:apply()):id())
      end }
`,
    ".wippy.yaml": "registry: { history_type: sqlite }\n",
  }, async (cwd) => {
    await fine(cwd, "pack", "app.wapp");
    assert.equal(await fine(cwd, "run", "app.wapp", "-x", "app:raise"), "1\n");
    const value = () => fine(cwd, "registry", "show", "app.wapp", "app:limit", "-f", "value", "--raw");
    assert.equal(await value(), "2\n");
    assert.match(await fine(cwd, "registry", "history", "app.wapp"), /v1[\s\S]*v0/);
    assert.match(await fine(cwd, "registry", "diff", "app.wapp", "v0", "v1"), /app:limit/);
    await fine(cwd, "registry", "rollback", "app.wapp", "v0");
    assert.equal(await value(), "1\n");
  }));
