/** Modules that are packs in the vendor folder, and applications packed with them. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { inFolder, wippy } from "./wippy.ts";

const MODULE = {
  "http/wippy.yaml":
    "organization: acme\nmodule: http\nversion: 1.2.0\ndescription: Requests\nembed: [pages]\nexclude: [src/skipped/**]\n",
  "http/wippy.lock": "directories: { src: ./src }\n",
  "http/src/_index.yaml": `version: "1.0"
namespace: acme.http
entries:
  - name: definition
    kind: ns.definition
    readme: file://README.md
  - name: client
    kind: library.lua
    meta: {title: Client}
    source: file://client.lua
    modules: [fs]
  - name: pages
    kind: fs.directory
    directory: ./pages
    base: module
  - name: target
    kind: registry.entry
    paths: [/own]
  - name: path
    kind: ns.requirement
    default: /default
    targets: [{entry: target, path: .paths +=}]
  - name: terminal
    kind: terminal.host
    lifecycle: {auto_start: true}
  - name: serve
    kind: process.lua
    meta: {command: {name: serve, main: true}}
    method: main
    source: "return { main = function() return 0 end }"
`,
  "http/src/README.md": "# Requests\n",
  "http/src/skipped/_index.yaml": "namespace: skipped\nname: entry\nkind: registry.entry\n",
  "http/src/client.lua": `local function page(name)
  if name == nil then error("no page") end
  local text = assert(require("fs").get("acme.http:pages")):readfile(name)
  return text
end
return { page = page }
`,
  "http/pages/index.html": "<h1>module</h1>",
};

const APP = {
  "app/wippy.lock": "directories: { src: ./src }\nmodules:\n  - { name: acme/http, version: v1.2.0 }\n",
  "app/src/_index.yaml": `version: "1.0"
namespace: app
entries:
  - name: dependency.http
    kind: ns.dependency
    component: acme/http
    version: ^1.0.0
    parameters: [{name: path, value: /given}]
  - name: terminal
    kind: terminal.host
    lifecycle: {auto_start: true}
  - name: page
    kind: function.lua
    method: main
    imports: {client: acme.http:client}
    source: |
      return { main = function(name)
        local text = require("client").page(name)
        return text
      end }
  - name: paths
    kind: function.lua
    method: main
    modules: [registry]
    source: |
      return { main = function() return require("registry").get("acme.http:target").data.paths end }
  - name: hello
    kind: process.lua
    meta: {command: {name: hello}}
    method: main
    modules: [io]
    source: |
      return { main = function() require("io").print("hello") end }
`,
};

const VENDOR = ".wippy/vendor/acme/http-v1.2.0.wapp";

async function fine(cwd: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await wippy(args, { cwd });
  assert.deepEqual([code, stderr], [0, ""], `wippy ${args.join(" ")}`);
  return stdout;
}

async function refused(cwd: string, ...args: string[]): Promise<string> {
  const { code, stderr } = await wippy(args, { cwd });
  assert.notEqual(code, 0, `wippy ${args.join(" ")}`);
  return stderr;
}

/** Both projects, the module packed into the vendor folder of the application; its folder. */
async function withModule(
  body: (app: string, folder: string) => Promise<void>,
  ...flags: string[]
): Promise<void> {
  await inFolder({ ...MODULE, ...APP }, async (folder) => {
    const [app, module] = [join(folder, "app"), join(folder, "http")];
    mkdirSync(dirname(join(app, VENDOR)), { recursive: true });
    await fine(module, "pack", join(app, VENDOR), ...flags);
    renameSync(module, join(folder, "gone"));
    await body(app, folder);
  });
}

test("a module that is a pack in the vendor folder is read as it is [proj.lock.unpack]", () =>
  withModule(async (app) => {
    const list = await fine(app, "registry", "list", "--ns", "acme.*");
    assert.match(list, /acme\.http:client +library\.lua +Client\n/);
    assert.match(list, /acme\.http:pages +fs\.embed/);
    assert.doesNotMatch(await fine(app, "registry", "list"), /skipped/);
    assert.equal(await fine(app, "call", "app:page", "index.html"), '"<h1>module</h1>"\n');
    assert.deepEqual(JSON.parse(await fine(app, "call", "app:paths")), ["/own", "/given"]);
    assert.match(await fine(app, "registry", "show", "acme.http:client"), /module: acme\/http/);
    const trace = await refused(app, "call", "app:page");
    assert.match(trace, /at \.wippy\/vendor\/acme\/http-v1\.2\.0\.wapp\/src\/client\.lua:2 +page\n/);
    assert.match((await wippy(["lint"], { cwd: app })).stdout, /No issues found|Checked \d+ entries/);
    assert.match(await fine(app, "run", "list"), /hello[\s\S]*serve/);
    assert.deepEqual(readdirSync(join(app, ".wippy/vendor/acme")), ["http-v1.2.0.wapp"]);
  }));

test("versions are told by the name of the pack and by what is in it [proj.lock.unpack]", () =>
  withModule(async (app) => {
    const lock = join(app, "wippy.lock");
    writeFileSync(lock, "directories: { src: ./src }\nmodules:\n  - { name: acme/http, version: v1.3.0 }\n");
    assert.match(
      await refused(app, "registry", "list"),
      /acme\/http v1\.3\.0 is in wippy\.lock but not installed \(no .*vendor\/acme\/http, no .*vendor\/acme\/http-v1\.3\.0\.wapp\)/,
    );
    writeFileSync(lock, "directories: { src: ./src }\n");
    assert.equal(
      await fine(app, "call", "app:page", "index.html"),
      '"<h1>module</h1>"\n',
      "the highest one is taken",
    );
    const other = join(app, ".wippy/vendor/acme/http-v1.10.0.wapp");
    writeFileSync(other, readFileSync(join(app, VENDOR)));
    assert.match(
      await refused(app, "registry", "list"),
      /http-v1\.10\.0\.wapp: the pack holds version 1\.2\.0; its name must say that/,
    );
    renameSync(other, join(app, ".wippy/vendor/acme/jobs-v1.2.0.wapp"));
    writeFileSync(lock, "directories: { src: ./src }\nmodules:\n  - { name: acme/jobs, version: v1.2.0 }\n");
    assert.match(
      await refused(app, "registry", "list"),
      /jobs-v1\.2\.0\.wapp: the pack holds acme\/http and not acme\/jobs/,
    );
  }));

test("what modules have embedded and compiled goes along; commands are those of the application alone [cli.pack] [cli.command.main]", () =>
  withModule(
    async (app, folder) => {
      const said = await fine(app, "pack", join(folder, "app.wapp"));
      assert.match(said, /12 entries, 1 module, 1 file of 1 folder/);
      const cwd = join(folder, "alone");
      mkdirSync(cwd);
      renameSync(join(folder, "app.wapp"), join(cwd, "app.wapp"));
      renameSync(app, join(folder, "away"));
      assert.equal(await fine(cwd, "call", "app.wapp", "app:page", "index.html"), '"<h1>module</h1>"\n');
      assert.deepEqual(JSON.parse(await fine(cwd, "call", "app.wapp", "app:paths")), ["/own", "/given"]);
      assert.match(
        await fine(cwd, "run", "app.wapp", "list"),
        /^Available commands:\n\n {2}hello {2}\(app:hello\)\n\nRun/,
      );
      assert.match(await refused(cwd, "run", "app.wapp", "serve"), /command "serve" not found/);
      assert.match(await fine(cwd, "pack", "--inspect", "app.wapp"), /^with acme\/http 1\.2\.0 +7 entries$/m);
      assert.equal(existsSync(join(cwd, ".wippy/vendor")), false);
      const lint = await wippy(["lint", "--json"], { cwd: join(folder, "away") });
      assert.equal(lint.code, 0, lint.stdout);
    },
    "--bytecode",
    "**",
  ));

test("install takes a pack of the vendor folder, and unpacks it when that is wanted [proj.lock.unpack] [cli.install]", () =>
  withModule(async (app) => {
    assert.match(await fine(app, "update"), /acme\/http v1\.2\.0/);
    const lock = readFileSync(join(app, "wippy.lock"), "utf8");
    assert.match(lock, /name: acme\/http\n +version: v1\.2\.0\n +hash: [0-9a-f]{64}/);
    assert.match(await fine(app, "install"), /acme\/http v1\.2\.0/);
    writeFileSync(join(app, "wippy.lock"), `${lock}options: { unpack_modules: true }\n`);
    await fine(app, "install");
    const folder = join(app, ".wippy/vendor/acme/http");
    assert.match(readFileSync(join(folder, "wippy.yaml"), "utf8"), /organization: acme\nmodule: http\n/);
    assert.equal(readFileSync(join(folder, "src/client.lua"), "utf8"), MODULE["http/src/client.lua"]);
    assert.equal(await fine(app, "call", "app:page", "index.html"), '"<h1>module</h1>"\n');
    assert.deepEqual(JSON.parse(await fine(app, "call", "app:paths")), ["/own", "/given"]);
    await fine(app, "install");
    writeFileSync(join(folder, "src/client.lua"), "return { page = function() return 'other' end }\n");
    assert.match(
      await fine(app, "install"),
      /acme\/http v1\.2\.0 \(installed; was not what wippy\.lock says, written again\)/,
    );
    assert.equal(await fine(app, "call", "app:page", "index.html"), '"<h1>module</h1>"\n');
    assert.deepEqual(readdirSync(join(app, ".wippy/vendor/acme")).sort(), ["http", "http-v1.2.0.wapp"]);
  }));

test("a module with compiled code stays packed, and says why [proj.lock.unpack]", () =>
  withModule(
    async (app) => {
      writeFileSync(join(app, "wippy.lock"), `${APP["app/wippy.lock"]}options: { unpack_modules: true }\n`);
      assert.match(
        await refused(app, "install"),
        /acme\/http can't be unpacked: acme\.http:client is compiled and has no source/,
      );
      assert.deepEqual(readdirSync(join(app, ".wippy/vendor/acme")), ["http-v1.2.0.wapp"]);
      assert.equal(await fine(app, "call", "app:page", "index.html"), '"<h1>module</h1>"\n');
    },
    "--bytecode",
    "client",
  ));
