/** `fs.embed`: files of a pack, as Lua and HTTP see them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { refusalOf } from "../../lua_entries.ts";
import { entry, HEAD, main } from "../../lua_entries.ts";
import { withApplication } from "../../application.ts";
import { withProject } from "../../pack/pack_world.ts";

const LOOK = main(`
  local fs = require("fs")
  local v = assert(fs.get("app:files"))
  local names = {}
  for entry in v:readdir("/") do names[#names + 1] = entry.name .. ":" .. entry.type end
  local stat = assert(v:stat("/docs/guide.txt"))
  local file = assert(v:open("/docs/guide.txt", "r"))
  file:seek("set", 6)
  local part = file:read(5)
  file:close()
  return { names = names, size = stat.size, is_dir = stat.is_dir, part = part,
    exists = v:exists("/none"), text = v:readfile("docs/guide.txt"), dir = v:isdir("/docs") }`);

const WRITE = main(`
  local v = assert(require("fs").get("app:files"))
  local kinds = {}
  local function refused(what, ...)
    local _, err = ...
    kinds[#kinds + 1] = what .. "=" .. tostring(err and err:kind())
  end
  refused("write", v:writefile("/new.txt", "x"))
  refused("append", v:writefile("/docs/guide.txt", "x", "a"))
  refused("open", v:open("/docs/guide.txt", "w"))
  refused("mkdir", v:mkdir("/sub"))
  refused("remove", v:remove("/docs/guide.txt"))
  refused("missing", v:readfile("/none"))
  return kinds`);

const PROJECT = {
  "src/_index.yaml": HEAD + entry("look", "function.lua", LOOK, "method: main\nmodules: [fs]") +
    entry("write", "function.lua", WRITE, "method: main\nmodules: [fs]") + `
  - { name: files, kind: fs.directory, directory: files }
  - { name: gateway, kind: http.service, addr: "127.0.0.1:0", lifecycle: { auto_start: true } }
  - { name: static, kind: http.static, meta: { server: gateway }, path: /, fs: files }
`,
  "files/docs/guide.txt": "Hello world, from the pack",
  "files/top.bin": Uint8Array.from({ length: 400_000 }, (_, i) => (i * 7919) >>> 8),
};

test("files of a pack are opened, read, described and listed, and nothing is written [kind.fs.embed]", () =>
  withProject(PROJECT, async (world) => {
    await world.pack({ embed: ["files"] });
    await world.run(async ({ call }) => {
      assert.deepEqual(await call("app:look"), {
        names: ["docs:directory", "top.bin:file"],
        size: 26,
        is_dir: false,
        part: "world",
        exists: false,
        text: "Hello world, from the pack",
        dir: true,
      });
      assert.deepEqual(await call("app:write"), [
        "write=PermissionDenied",
        "append=PermissionDenied",
        "open=PermissionDenied",
        "mkdir=PermissionDenied",
        "remove=PermissionDenied",
        "missing=NotFound",
      ]);
    });
  }));

test("http.static serves files of a pack, whole, in ranges and by their content's tag [kind.fs.embed]", () =>
  withProject(PROJECT, async (world) => {
    await world.pack({ embedAll: true });
    await world.run(async ({ application }) => {
      const details = application.supervisor.state("app:gateway")?.details ?? "";
      const base = `http://127.0.0.1:${/:(\d+)$/.exec(details)?.[1]}`;
      const whole = await fetch(`${base}/top.bin`);
      assert.deepEqual(new Uint8Array(await whole.arrayBuffer()), PROJECT["files/top.bin"]);
      const tag = whole.headers.get("etag")!;
      assert.match(tag, /^"[0-9a-f]{32}"$/);
      const same = await fetch(`${base}/top.bin`, { headers: { "if-none-match": tag } });
      assert.equal(same.status, 304);
      const part = await fetch(`${base}/top.bin`, {
        headers: { range: "bytes=131070-131080", "if-range": tag },
      });
      assert.equal(part.status, 206);
      assert.deepEqual(
        new Uint8Array(await part.arrayBuffer()),
        PROJECT["files/top.bin"].slice(131070, 131081),
      );
      assert.equal(await (await fetch(`${base}/docs/guide.txt`)).text(), "Hello world, from the pack");
      assert.equal((await fetch(`${base}/docs/../../x`)).status, 404);
    });
  }));

test("without a pack that holds its files it is refused, and says what to do [kind.fs.embed]", () =>
  withApplication(HEAD, async (app) => {
    const failure = await refusalOf(app, "app:files", "fs.embed", {});
    assert.equal(failure.kind, "NotFound");
    assert.match(failure.message, /no pack of this application holds files for it; make it an fs\.directory/);
  }));
