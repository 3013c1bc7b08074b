/** What becomes of entries on their way into a pack and out of it. */
import assert from "node:assert/strict";
import { readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Failure, isValueMap, type Value } from "../../src/core/mod.ts";
import { decodeCompiled } from "../../src/lua/mod.ts";
import type { Entry } from "../../src/registry/mod.ts";
import { entry, failureOf, HEAD, main } from "../lua_entries.ts";
import { withProject, write } from "./pack_world.ts";

async function refusal(work: Promise<unknown>): Promise<Failure> {
  const outcome = await work.then(() => undefined, (error: unknown) => error);
  assert.ok(outcome instanceof Failure, `no failure but ${String(outcome)}`);
  return outcome;
}

const READ = main(`
  local v = assert(require("fs").get("app:files"))
  return { names = (function() local t = {} for e in v:readdir("/") do t[#t + 1] = e.name end return t end)(),
    text = v:readfile("/note.txt") }`);

const STAGED = {
  ".wippy.yaml": `override:
  app:say:source: "return { main = function() return 'overridden' end }"
  app:gone:limit: 1
disable:
  entries: ["app:gone"]
`,
  "src/_index.yaml": HEAD +
    entry("say", "function.lua", main("return 'as written'"), "method: main") +
    entry("read", "function.lua", READ, "method: main\nmodules: [fs]") + `
  - { name: files, kind: fs.directory, directory: nowhere }
  - { name: gone, kind: registry.entry }
  - name: folder
    kind: ns.requirement
    default: shipped
    targets: [{ entry: files, path: .directory }]
`,
  "shipped/note.txt": "linked",
  "nowhere/note.txt": "not linked",
};

test("entries are overridden, disabled, linked, compiled and embedded in this order [yaml.stages]", () =>
  withProject(STAGED, async (world) => {
    const report = await world.pack({ bytecode: ["**"], embedAll: true });
    assert.deepEqual(report.warnings, [], "an override of a disabled entry has matched it before");
    assert.deepEqual([report.compiled, report.folders.length], [2, 1]);
    const { loaded } = world.open();
    const kinds = Object.fromEntries(loaded.entries.map(({ id, kind }) => [id, kind]));
    assert.deepEqual(kinds, {
      "app:host": "process.host",
      "app:say": "function.lua.bc",
      "app:read": "function.lua.bc",
      "app:files": "fs.embed",
      "app:folder": "ns.requirement",
    });
    await world.run(async ({ call }) => {
      assert.equal(await call("app:say"), "overridden");
      assert.deepEqual(await call("app:read"), { names: ["note.txt"], text: "linked" });
    });
  }));

test("fields keep the order that their author gave them", () =>
  withProject({
    "src/_index.yaml":
      "namespace: app\nname: one\nkind: registry.entry\nmeta: { z: 1, a: 2 }\nzebra: 1\napple: { y: 1, b: 2 }\n",
  }, async (world) => {
    await world.pack();
    const [{ data, meta }] = world.open().loaded.entries as [Entry];
    assert.deepEqual([Object.keys(meta), Object.keys(data)], [["z", "a"], ["zebra", "apple"]]);
    assert.deepEqual(Object.keys(data["apple"] as object), ["y", "b"]);
  }));

test("validation comes with activation: a pack of a wrong entry is refused where it starts, with its place [yaml.stages]", () => {
  const index = `${HEAD}  - { name: store, kind: store.memory, max_size: -5 }\n`;
  return withProject({ "src/_index.yaml": index }, async (world) => {
    await world.pack();
    const failure = await refusal(world.run(() => Promise.resolve()));
    assert.match(failure.message, /app:store.*max_size/s);
    assert.match(failure.message, /src\/_index\.yaml:5/);
  });
});

test("where a pack runs, overrides and parameters have their say again [yaml.stages] [cli.run.pack]", () =>
  withProject({
    "src/_index.yaml": HEAD + entry("who", "function.lua", main(`return require("ctx")`), "method: main") +
      entry(
        "limit",
        "function.lua",
        main(`return require("registry").get("app:target").data.limit`),
        "method: main\nmodules: [registry]",
      ) +
      `  - { name: target, kind: registry.entry }
  - { name: wanted, kind: ns.requirement, default: 5, targets: [{ entry: target, path: .limit }] }
`,
  }, async (world) => {
    await world.pack();
    assert.equal(await world.run(({ call }) => call("app:limit")), 5);
    const overrides = ["app:wanted:default=7"];
    assert.equal(await world.run(({ call }) => call("app:limit"), { overrides }), 7);
    const unknown = await refusal(world.run(() => Promise.resolve(), { overrides: ["app:none:x=1"] }));
    assert.match(unknown.message, /there is no entry app:none/);
  }));

const CODE = {
  "src/_index.yaml": HEAD + entry(
    "lib",
    "library.lua",
    `type Point = { x: number }
local function check(value: any): Point
  return Point(value)
end
return { check = check, Point = Point }`,
  ) + `  - { name: fn, kind: function.lua, source: file://fn.lua, method: main, imports: { lib: lib } }\n` +
    entry("worker", "process.lua", main("return 'process'"), "method: main") +
    entry("shared", "module.lua", "return { one = function() return 1 end }") +
    entry(
      "start",
      "function.lua",
      main(`return (assert(process.exec("app:worker", "app:host")))`),
      "method: main",
    ) +
    entry("flow", "workflow.lua", main("return 'workflow'"), "method: main") +
    `  - { name: client, kind: temporal.client, address: "embedded:flows.db" }
  - { name: queue, kind: temporal.worker, client: client, task_queue: q, lifecycle: { auto_start: true } }
` +
    entry(
      "run_flow",
      "function.lua",
      main(`return (assert(process.exec("app:flow", "app:queue")))`),
      "method: main",
    ) +
    entry(
      "load",
      "function.lua",
      main("return { type(load), type(string.dump), type(loadstring) }"),
      "method: main",
    ),
  "src/fn.lua": `local lib = require("lib")
return { main = function(value)
  if value == nil then
    error("no value")
  end
  return lib.check(value).x
end }
`,
};

test("functions, libraries, processes and workflows run as compiled code; a module.lua has no twin [entry.kinds] [kind.lua.bc] [cli.pack.bytecode]", () =>
  withProject(CODE, async (world) => {
    const { compiled } = await world.pack({ bytecode: ["**"] });
    assert.equal(compiled, 7);
    const { loaded } = world.open();
    const byId = new Map(loaded.entries.map((each) => [each.id, each]));
    const kinds = ["lib", "fn", "worker", "flow", "shared"].map((name) => byId.get(`app:${name}`)!.kind);
    assert.deepEqual(kinds, [
      "library.lua.bc",
      "function.lua.bc",
      "process.lua.bc",
      "workflow.lua.bc",
      "module.lua",
    ]);
    const { fs, hash, path, source } = byId.get("app:fn")!.data;
    assert.deepEqual([fs, path, source], ["pack", "src/fn.lua", undefined]);
    assert.match(String(hash), /^[0-9a-f]{64}$/);
    assert.doesNotMatch(readFileSync(join(world.target, "app.wapp"), "latin1"), /lib\.check\(value\)\.x/);
    await world.run(async ({ call }) => {
      assert.equal(await call("app:fn", { x: 4 }), 4);
      assert.equal(await call("app:start"), "process");
      assert.equal(await call("app:run_flow"), "workflow");
      assert.deepEqual(await call("app:load"), ["nil", "nil", "nil"]);
      assert.match((await failureOf(call("app:fn", { x: "text" }))).message, /x/);
      const failure = await failureOf(call("app:fn"));
      assert.match(failure.message, /^app:fn:4: no value/);
    });
  }));

test("compiled code reaches other workers [kind.lua.bc]", { timeout: 60_000 }, () => {
  const host =
    `version: "1.0"\nnamespace: app\nentries:\n  - { name: host, kind: process.host, host: { workers: 2 }, lifecycle: { auto_start: true } }\n`;
  const typed = "type Size = { n: number }\nreturn { check = function(v: any) return Size(v).n end }";
  const body = `return require("lib").check({ n = 3 }) + funcs.call("app:one")`;
  const index = host + entry("lib", "library.lua", typed) +
    entry("one", "function.lua", main("return 1"), "method: main") +
    entry("far", "process.lua", main(body), "method: main\nmodules: [funcs]\nimports: { lib: lib }");
  return withProject({ "src/_index.yaml": index }, async (world) => {
    assert.equal((await world.pack({ bytecode: ["**"] })).compiled, 3);
    const result = await world.run(({ application: { runtime } }) => {
      runtime.board!.mainTakes = false;
      return new Promise((resolve, reject) => {
        const pid = runtime.spawn("app:far", "app:host", {
          args: [],
          onExit: ({ failure, value }) => failure === null ? resolve(value) : reject(failure),
        });
        assert.ok(runtime.messages.liveProcess(pid)!.placement !== undefined, "it began on the main worker");
      });
    }, { cpus: 2 });
    assert.equal(result, 4);
  });
});

test("patterns choose what is compiled, and one that means nothing is refused [cli.pack.bytecode]", () =>
  withProject(CODE, async (world) => {
    assert.equal((await world.pack({ bytecode: ["app:f*", "worker"] })).compiled, 3);
    const compiled = world.open().loaded.entries.filter(({ kind }) => kind.endsWith(".bc")).map(({ id }) =>
      id
    );
    assert.deepEqual(compiled, ["app:fn", "app:worker", "app:flow"]);
    await world.run(async ({ call }) => {
      assert.equal(await call("app:fn", { x: 4 }), 4, "compiled code imports a source");
    });
    const failure = await refusal(world.pack({ bytecode: ["ap:**"] }));
    assert.match(failure.message, /--bytecode: ap:\*\* is no Lua entry/);
    await world.pack({ bytecode: ["app:lib"] });
    await world.run(async ({ call }) => {
      assert.equal(await call("app:fn", { x: 5 }), 5, "a source imports compiled code");
    });
  }));

test("code of another machine, of no pack or from elsewhere is refused [kind.lua.bc]", () =>
  withProject(CODE, async (world) => {
    await world.pack({ bytecode: ["app:fn"] });
    const { loaded, project } = world.open();
    const fn = loaded.entries.find(({ id }) => id === "app:fn")!;
    await world.run(async ({ application }) => {
      const change = async (data: Record<string, Value>): Promise<string> => {
        const work = application.registry.apply([{
          kind: "entry.update",
          entry: { ...fn, data: { ...fn.data, ...data } },
        }]);
        return (await refusal(work)).message;
      };
      assert.match(await change({ hash: "0".repeat(64) }), /no pack of this application holds the code 0000/);
      assert.match(await change({ fs: "app:files" }), /compiled code is taken from packs alone/);
    });
    const hash = String(fn.data["hash"]);
    const foreign = { machine: "other", read: () => assert.fail("code of another machine is not even read") };
    const packs = {
      embedded: () => undefined,
      chunk: (asked: string) => asked === hash ? foreign : undefined,
    };
    const config = {
      fs: "pack",
      path: "",
      hash,
      mentions: [],
      method: "main",
      modules: [],
      imports: {},
      pool: undefined,
    };
    assert.throws(
      () => decodeCompiled(fn, config, packs),
      /app:fn: the code was compiled by another version of this program \(other, .*; make the pack again with this one/,
    );
    assert.equal(project.packs.chunk(hash)!.read().length > 0, true);
  }));

test("what runs from a pack can be changed, and an entry with compiled code gets a source again [kind.lua.bc]", () =>
  withProject(CODE, async (world) => {
    await world.pack({ bytecode: ["**"] });
    await world.run(async ({ application, call }) => {
      const { registry } = application;
      const fn = registry.get("app:fn")!;
      const source = main("return 'changed'");
      await registry.apply([{
        kind: "entry.update",
        entry: { ...fn, kind: "function.lua", data: { source, method: "main" } },
      }]);
      assert.equal(await call("app:fn"), "changed");
      await registry.applyVersion(0);
      assert.equal(await call("app:fn", { x: 9 }), 9);
      assert.equal(registry.get("app:fn")!.kind, "function.lua.bc");
    });
  }));

test("sources that do not compile, or do not check where types are strict, are not packed", async () => {
  const broken = {
    "src/_index.yaml": `${HEAD}  - { name: bad, kind: library.lua, source: file://bad.lua }\n`,
  };
  await withProject({ ...broken, "src/bad.lua": "return {\n  1 +\n}\n" }, async (world) => {
    const failure = await refusal(world.pack());
    assert.equal(failure.kind, "Invalid");
    assert.match(failure.message, /app:bad/);
    assert.deepEqual(isValueMap(failure.details?.chunk) ? failure.details.chunk.line : undefined, 2);
  });
  const types = ".wippy.yaml";
  const strict = "lua: { type_system: { enabled: true, strict: true } }\n";
  const wrong = { ...broken, [types]: strict, "src/bad.lua": "local n: number = 'text'\nreturn { n = n }\n" };
  await withProject(wrong, async (world) => {
    assert.match((await refusal(world.pack({ bytecode: ["**"] }))).message, /types do not fit/);
    await world.pack();
  });
});

test("links stay inside what is embedded, and the pack does not hold itself [cli.pack.embed]", () =>
  withProject({
    "src/_index.yaml": `${HEAD}  - { name: files, kind: fs.directory, directory: data }\n`,
    "data/in/real.txt": "real",
    "outside.txt": "secret",
  }, async (world) => {
    symlinkSync("in/real.txt", join(world.source, "data/inner"));
    symlinkSync("../outside.txt", join(world.source, "data/outer"));
    symlinkSync("gone", join(world.source, "data/dangling"));
    symlinkSync("..", join(world.source, "data/in/round"));
    write(world.source, { "data/app.wapp": "an older pack" });
    const { warnings } = await world.pack({ embedAll: true }, "../source/data/app.wapp");
    assert.deepEqual(warnings, [
      "app:files: dangling is left out: a link to nothing",
      "app:files: outer is left out: a link out of the folder",
      "app:files: in/round is left out: a link to a folder that it is in",
    ]);
    const { project } = world.open({}, "../source/data/app.wapp");
    const files = project.packs.embedded("app:files")!;
    assert.deepEqual(files.list("/").map(({ name }) => name), ["in", "inner"]);
    assert.equal(new TextDecoder().decode(files.readFile("/inner")), "real");
  }));

test("places in a pack are those of the project, also for what is beside it", () =>
  withProject({
    ".wippy.yaml": "workspace: { replacements: { acme/log: ../log } }\n",
    "src/_index.yaml": `${HEAD}  - { name: dependency, kind: ns.dependency, component: acme/log }\n`,
    "../log/src/_index.yaml": "namespace: acme.log\nname: fn\nkind: library.lua\nsource: file://fn.lua\n",
    "../log/src/fn.lua": "return {}\n",
  }, async (world) => {
    await world.pack();
    const { loaded } = world.open();
    assert.deepEqual(loaded.origin?.("acme.log:fn"), { file: "../log/src/_index.yaml", line: 1 });
    assert.deepEqual(loaded.source?.("acme.log:fn"), { file: "../log/src/fn.lua", line: 1, isFile: true });
    assert.doesNotMatch(readFileSync(join(world.target, "app.wapp"), "latin1"), /wippy-pack-/);
    assert.equal(loaded.entries.find(({ id }) => id === "acme.log:fn")!.meta["module"], "acme/log");
  }));
