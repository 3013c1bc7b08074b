/** `fs.directory`: where its root is, what its mode forbids, and that nothing leaves it. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Failure } from "../../../src/core/mod.ts";
import { type FileSystem, FileSystemResource } from "../../../src/ports/mod.ts";
import { type TestApplication, withApplication } from "../../application.ts";
import { HEAD, refusalOf } from "../../lua_entries.ts";

const UTF8 = new TextEncoder();

function directory(more: string): string {
  return `${HEAD}  - { name: files, kind: fs.directory, ${more} }\n`;
}

function systemOf(app: TestApplication, id = "app:files"): FileSystem {
  return app.application.resources.find(FileSystemResource, id)!;
}

/** Kind of the failure of `act`, "" when there is none. */
function refused(act: () => unknown): string {
  try {
    act();
    return "";
  } catch (error) {
    return (error as Failure).kind;
  }
}

test("a directory is required and must be there, or be made [kind.fs.directory] [kind.fs.directory.init]", () =>
  withApplication({ "src/_index.yaml": HEAD, "file": "x" }, async (app) => {
    const refusal = (data: Record<string, string | boolean>) =>
      refusalOf(app, "app:bad", "fs.directory", data);
    assert.match((await refusal({})).message, /directory/);
    const missing = await refusal({ directory: "none" });
    assert.equal(missing.kind, "NotFound");
    assert.match(missing.message, /directory: there is no .*\/none \(auto_init: true makes it\)/);
    assert.match((await refusal({ directory: "file", auto_init: true })).message, /is not a directory/);
    assert.match((await refusal({ directory: "x", mode: "rwx" })).message, /mode: expected an octal mode/);
    assert.match((await refusal({ directory: "x", base: "home" })).message, /base.*project.*module/);
    assert.equal(existsSync(join(app.folder, "none")), false);
  }));

test("auto_init makes the whole path, with the mode and the bits to enter it [kind.fs.directory.init]", () =>
  withApplication(directory(`directory: a/b/c, auto_init: true, mode: "0640"`), (app) => {
    const octal = (path: string): string => (statSync(join(app.folder, path)).mode & 0o777).toString(8);
    assert.equal(octal("a/b/c"), "750");
    systemOf(app).writeFile("/f", UTF8.encode("x"), "w");
    systemOf(app).makeDirectory("/d");
    assert.deepEqual([octal("a/b/c/f"), octal("a/b/c/d")], ["640", "750"]);
    return Promise.resolve();
  }));

test("the mode limits every operation [kind.fs.directory.init]", async () => {
  const files = (mode: string) => ({
    "src/_index.yaml": directory(`directory: data, mode: "${mode}"`),
    "data/there": "x",
    "data/dir/inner": "y",
  });
  const operations = (fs: FileSystem): Record<string, string> => ({
    readFile: refused(() => fs.readFile("/there")),
    stat: refused(() => fs.stat("/there")),
    list: refused(() => fs.list("/")),
    open: refused(() => fs.open("/there", "r").close()),
    writeFile: refused(() => fs.writeFile("/there", UTF8.encode("z"), "w")),
    append: refused(() => fs.open("/there", "a").close()),
    makeDirectory: refused(() => fs.makeDirectory("/new")),
    remove: refused(() => fs.remove("/dir/inner")),
  });
  const reads = ["readFile", "stat", "list", "open"];
  const writes = ["writeFile", "append", "makeDirectory", "remove"];
  const denied = (names: string[], found: Record<string, string>): void => {
    for (const [name, kind] of Object.entries(found)) {
      assert.equal(kind, names.includes(name) ? "PermissionDenied" : "", name);
    }
  };
  await withApplication(files("0555"), (app) => {
    denied(writes, operations(systemOf(app)));
    assert.equal(readFileSync(join(app.folder, "data/there"), "utf8"), "x");
    return Promise.resolve();
  });
  await withApplication(files("0333"), (app) => Promise.resolve(denied(reads, operations(systemOf(app)))));
  await withApplication(files("0755"), (app) => Promise.resolve(denied([], operations(systemOf(app)))));
});

test("paths are normalised and never lead outside, by dots or by links [kind.fs.directory]", () =>
  withApplication(
    { "src/_index.yaml": directory("directory: data"), "data/in/f": "inside", "secret": "outside" },
    (app) => {
      const fs = systemOf(app);
      const text = (path: string): string => new TextDecoder().decode(fs.readFile(path));
      assert.deepEqual(["/in/f", "in/f", "//in/./x/../f"].map(text), ["inside", "inside", "inside"]);
      symlinkSync("../secret", join(app.folder, "data/link"));
      symlinkSync("..", join(app.folder, "data/up"));
      symlinkSync("in", join(app.folder, "data/inner"));
      symlinkSync("../made-outside", join(app.folder, "data/dangling"));
      assert.equal(text("/inner/f"), "inside");
      for (const path of ["../secret", "/../secret", "/in/../../secret", "/link", "/up/secret", "/x\0y"]) {
        assert.equal(refused(() => fs.readFile(path)), "Invalid", path);
        assert.equal(refused(() => fs.writeFile(path, UTF8.encode("!"), "w")), "Invalid", path);
        assert.equal(refused(() => fs.open(path, "r")), "Invalid", path);
      }
      assert.equal(refused(() => fs.writeFile("/dangling", UTF8.encode("!"), "w")), "Invalid");
      assert.equal(existsSync(join(app.folder, "made-outside")), false);
      fs.remove("/link");
      assert.equal(
        readFileSync(join(app.folder, "secret"), "utf8"),
        "outside",
        "the link went, not its target",
      );
      return Promise.resolve();
    },
  ));

const MODULE = {
  "vendored/wippy.yaml": "organization: acme\nmodule: site\nversion: 1.0.0\n",
  "vendored/src/_index.yaml":
    `version: "1.0"\nnamespace: acme.site\nentries:\n  - { name: assets, kind: fs.directory, directory: assets, base: module }\n` +
    `  - { name: data, kind: fs.directory, directory: assets, base: project }\n`,
  "vendored/assets/which": "the module's",
};

test("a relative root starts at the project, or at the root of the module that has the entry [kind.fs.directory.base]", () =>
  withApplication({
    ...MODULE,
    "src/_index.yaml": `${HEAD}  - { name: dep, kind: ns.dependency, component: acme/site }
  - { name: own, kind: fs.directory, directory: assets, base: module }
  - { name: plain, kind: fs.directory, directory: ./assets }
`,
    "assets/which": "the project's",
    ".wippy.yaml": "workspace:\n  replacements:\n    acme/site: ./vendored\n",
  }, (app) => {
    const which = (id: string): string => new TextDecoder().decode(systemOf(app, id).readFile("/which"));
    assert.equal(which("acme.site:assets"), "the module's");
    assert.equal(which("acme.site:data"), "the project's");
    assert.equal(which("app:own"), "the project's");
    assert.equal(which("app:plain"), "the project's");
    return Promise.resolve();
  }));

test("a root of a module that is not on disk is refused [kind.fs.directory.base]", () =>
  withApplication(HEAD, async (app) => {
    const entry = { id: "acme.site:a", kind: "fs.directory", meta: { module: "acme/site" }, data: {} };
    const data = { directory: "assets", base: "module", auto_init: true };
    await assert.rejects(
      app.application.registry.apply([{ kind: "entry.create", entry: { ...entry, data } }]),
      { kind: "NotFound", message: /acme\/site was not loaded from a folder on disk/ },
    );
  }));

test("a change moves the root; a refused one leaves it where it was [kind.fs.directory]", () =>
  withApplication(
    { "src/_index.yaml": directory("directory: one"), "one/f": "1", "two/f": "2" },
    async (app) => {
      const { registry } = app.application;
      const entry = registry.get("app:files")!;
      const move = (to: string) =>
        registry.apply([{ kind: "entry.update", entry: { ...entry, data: { directory: to } } }]);
      await move("two");
      assert.equal(new TextDecoder().decode(systemOf(app).readFile("/f")), "2");
      await assert.rejects(move("three"), { kind: "NotFound" });
      assert.equal(new TextDecoder().decode(systemOf(app).readFile("/f")), "2");
      await registry.apply([{ kind: "entry.delete", id: "app:files" }]);
      assert.equal(systemOf(app), undefined);
      assert.equal(existsSync(join(app.folder, "two/f")), true, "its files stay");
    },
  ));

test("a root that vanishes is an error of each operation, not of the runtime [kind.fs.directory]", () =>
  withApplication({ "src/_index.yaml": directory("directory: data"), "data/f": "x" }, (app) => {
    rmSync(join(app.folder, "data"), { recursive: true });
    assert.equal(refused(() => systemOf(app).readFile("/f")), "NotFound");
    assert.equal(refused(() => systemOf(app).list("/")), "NotFound");
    mkdirSync(join(app.folder, "data"));
    writeFileSync(join(app.folder, "data/f"), "back");
    assert.equal(new TextDecoder().decode(systemOf(app).readFile("/f")), "back");
    return Promise.resolve();
  }));
