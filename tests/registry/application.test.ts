/** The registry inside an application: stages, references, restarts, modules mounted while it runs. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { composeConfiguration } from "../../src/app/config/mod.ts";
import { loadProject, openProject } from "../../src/app/project.ts";
import { Failure, type Value } from "../../src/core/mod.ts";
import { simulatedPorts } from "../../src/platform/simulated/mod.ts";
import { readManifest } from "../../src/registry/mod.ts";
import { type TestApplication, withApplication } from "../application.ts";

function entryData(app: TestApplication, id: string): Value {
  return app.application.registry.get(id)?.data;
}

const STAGES = {
  ".wippy.yaml": `
override:
  app:worker:kind: registry.entry
  app:worker:size: 3
  app:dep:parameters.0.value: overridden
disable:
  namespaces: ["legacy.**"]
profiles:
  lean:
    override:
      app:worker:size: 1
    disable:
      entries.add: ["app:extra"]
`,
  "src/_index.yaml": `namespace: app
entries:
  - {name: worker, kind: no.such.kind, size: 1, meta: {title: W}}
  - {name: extra, kind: registry.entry}
  - name: dep
    kind: ns.dependency
    component: acme/m
    parameters: [{name: "app:value", value: original}]
  - {name: value, kind: ns.requirement, targets: [{entry: worker, path: .linked}]}
`,
  "src/old.yaml": "namespace: legacy.old\nentries:\n  - {name: broken, kind: no.such.kind}\n",
  ".wippy/vendor/acme/m/_index.yaml": "namespace: acme.m\nname: x\nkind: registry.entry\n",
};

test("entries are overridden, disabled, linked, and only then validated [yaml.override] [yaml.disable]", async () => {
  await withApplication(STAGES, async (app) => {
    const { registry } = app.application;
    assert.equal(registry.get("app:worker")!.kind, "registry.entry");
    assert.deepEqual(entryData(app, "app:worker"), { size: 3, linked: "overridden" });
    assert.equal(registry.get("legacy.old:broken"), undefined);
    assert(registry.get("app:extra") !== undefined);
    await Promise.resolve();
  });
});

test("a profile overlays overrides and adds to what is disabled [yaml.profiles]", () => {
  const ports = simulatedPorts({ seed: 1, workingDirectory: "/project" });
  for (const [path, text] of Object.entries(STAGES)) {
    ports.files.makeDirectory(ports.files.directory(`/project/${path}`), { recursive: true });
    ports.files.writeFile(`/project/${path}`, text);
  }
  const project = openProject({ profiles: ["lean"] }, ports);
  const { loaded } = loadProject({ ...project, sourceDirectory: "/project/src" }, ports);
  const entries = new Map(loaded.entries.map((entry) => [entry.id, entry]));
  assert.deepEqual(entries.get("app:worker")!.data, { size: 1, linked: "overridden" });
  assert(!entries.has("app:extra") && !entries.has("legacy.old:broken"));
  assert.throws(() => composeConfiguration({ profiles: ["none"] }, ports), /none/);
});

test("without a lock file the whole folder is the source [proj.lock.missing]", () => {
  const ports = simulatedPorts({ seed: 1, workingDirectory: "/project" });
  const put = (path: string, text: string): void => {
    ports.files.makeDirectory(ports.files.directory(path), { recursive: true });
    ports.files.writeFile(path, text);
  };
  put("/project/a.yaml", "namespace: app\nname: a\nkind: registry.entry\n");
  put("/project/deep/er/b.yaml", "namespace: app\nname: b\nkind: registry.entry\n");
  put("/project/.wippy/vendor/acme/m/c.yaml", "namespace: acme.m\nname: c\nkind: registry.entry\n");
  const open = () => loadProject(openProject({}, ports), ports).loaded.entries.map(({ id }) => id);
  assert.deepEqual(open(), ["app:a", "app:b"]);
  put("/project/wippy.lock", "directories: {src: ./deep}\n");
  assert.deepEqual(open(), ["app:b"]);
});

test("a manifest may have the fields of both pages [proj.manifest.optional]", () => {
  const ports = simulatedPorts({ seed: 1, workingDirectory: "/m" });
  ports.files.makeDirectory("/m", { recursive: true });
  ports.files.writeFile(
    "/m/wippy.yaml",
    "organization: acme\nmodule: http\ntype: library\nversion: 1.2.0\ndescription: d\nlicense: MIT\nrepository: r\nhomepage: h\nkeywords: [a]\nauthors: [b]\nembed: [x]\nexclude: [y]\npublish: {runtime: {source: .wippy.yaml}}\n",
  );
  assert.deepEqual(readManifest(ports.files, ports.yaml, "/m", "wippy.yaml"), {
    name: "acme/http",
    version: "1.2.0",
    exclude: ["y"],
  });
});

const REFERENCES = `namespace: app
entries:
  - {name: a.binding, kind: contract.binding, contracts: [{contract: greeter, default: true, methods: {greet: greet_fn}}]}
  - {name: a.service, kind: process.service, process: worker, host: host, lifecycle: {auto_start: true}}
  - name: greet_fn
    kind: function.lua
    method: main
    source: |
      return { main = function(input) return "hello " .. input.name end }
  - {name: greeter, kind: contract.definition, methods: [{name: greet}]}
  - name: worker
    kind: process.lua
    modules: [process]
    source: |
      return { main = function()
        process.registry.register("worker")
        process.events():receive()
      end }
  - {name: host, kind: process.host, lifecycle: {auto_start: true}}
  - name: main
    kind: function.lua
    method: main
    imports: {deals: ":contract", helper: other:helper}
    source: |
      return { main = function()
        local instance = assert(deals.open("app:a.binding"))
        return helper.twice(instance:greet({ name = "you" }))
      end }
`;

test("a bare name means the own namespace, a full id any; an empty namespace is a built-in module [registry.reference] [proj.entry.relative] [proj.entry.imports-builtin]", async () => {
  await withApplication({
    "src/_index.yaml": REFERENCES,
    "src/other.yaml":
      "namespace: other\nname: helper\nkind: library.lua\nsource: |\n  return { twice = function(text) return text .. ' ' .. text end }\n",
  }, async (app) => {
    assert.equal(await app.call("app:main"), "hello you hello you");
    const state = await app.until(() => {
      const found = app.application.supervisor.state("app:a.service");
      return found?.status === "running" && found;
    }, "the service");
    assert.match(state.details, /app:host/);
  });
});

test("children name their parents through meta, in any order and namespace [proj.entry.parent] [registry.reference]", async () => {
  await withApplication({
    "src/_index.yaml": `namespace: app
entries:
  - {name: hello.endpoint, kind: http.endpoint, meta: {router: "web:api"}, method: GET, path: /hello, func: hello}
  - name: hello
    kind: function.lua
    method: main
    modules: [http]
    source: |
      return { main = function() http.response():write("hi") end }
`,
    "src/web.yaml": `namespace: web
entries:
  - {name: api, kind: http.router, meta: {server: gateway}, prefix: /api}
  - {name: gateway, kind: http.service, addr: "127.0.0.1:0", lifecycle: {auto_start: true}}
`,
  }, async (app) => {
    const state = await app.until(() => {
      const found = app.application.supervisor.state("web:gateway");
      return found?.status === "running" && found;
    }, "the server");
    const port = /:(\d+)/.exec(state.details)?.[1];
    const response = await fetch(`http://127.0.0.1:${port}/api/hello`);
    assert.equal(await response.text(), "hi");
  });
});

test("a boot that fails says where and what to do", async () => {
  const boot = async (files: string) => {
    return await withApplication(files, () => assert.fail("it booted")).then(
      () => assert.fail(),
      (error: unknown) => {
        assert(error instanceof Failure, String(error));
        return error.message;
      },
    );
  };
  assert.equal(
    await boot("namespace: app\nentries:\n  - {name: a, kind: function.lua, method: main}\n"),
    "src/_index.yaml:3: app:a: source is required",
  );
  assert.equal(
    await boot("namespace: app\nentries:\n\n  - {name: a, kind: http.servise}\n"),
    'src/_index.yaml:4: app:a: unknown kind "http.servise"; did you mean "http.service"?',
  );
  assert.match(
    await boot(
      "namespace: app\nentries:\n  - {name: a, kind: library.lua, source: x, imports: {b: 'app:b'}}\n  - {name: b, kind: library.lua, source: x, imports: {a: 'app:a'}}\n",
    ),
    /^dependency cycle: app:a -> app:b -> app:a; remove one of these references$/,
  );
});

// --- Restarts -----------------------------------------------------------------------------------------------------------

const COUNTER = `namespace: app
entries:
  - {name: value, kind: registry.entry, v: 0}
  - name: main
    kind: function.lua
    method: main
    modules: [registry]
    source: |
      return { main = function(what, n)
        if what == "set" then
          local changes = registry.snapshot():changes()
          changes:update({ id = "app:value", kind = "registry.entry", data = { v = n } })
          assert(changes:apply())
        elseif what == "back" then
          assert(registry.apply_version(assert(registry.history():get_version(n))))
        end
        return { v = registry.get("app:value").data.v, version = registry.current_version():id(), versions = #registry.versions() }
      end }
`;

test("changes and rollbacks made by a program are there after a restart [registry.apply_version]", async () => {
  const folder = mkdtempSync(join(tmpdir(), "wippy-restart-"));
  try {
    const config = { registry: { history_type: "sqlite", history_path: join(folder, "history.db") } };
    const inApplication = (body: (app: TestApplication) => Promise<void>) =>
      withApplication(COUNTER, body, { config });
    await inApplication(async (app) => {
      assert.deepEqual(await app.call("app:main", "set", 1), { v: 1, version: 1, versions: 2 });
      assert.deepEqual(await app.call("app:main", "set", 2), { v: 2, version: 2, versions: 3 });
    });
    await inApplication(async (app) => {
      assert.deepEqual(await app.call("app:main"), { v: 2, version: 2, versions: 3 });
      assert.deepEqual(await app.call("app:main", "back", 1), { v: 1, version: 1, versions: 3 });
    });
    await inApplication(async (app) => {
      assert.deepEqual(await app.call("app:main"), { v: 1, version: 1, versions: 3 });
      assert.deepEqual(await app.call("app:main", "back", 0), { v: 0, version: 0, versions: 3 });
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("without history versions count on, but none can be gone back to", async () => {
  for (const registry of [{ enable_history: false }, { history_type: "nil" }]) {
    await withApplication(COUNTER, async (app) => {
      assert.deepEqual(await app.call("app:main", "set", 1), { v: 1, version: 1, versions: 1 });
      await assert.rejects(app.call("app:main", "back", 0), /version not found/);
    }, { config: { registry } });
  }
});

// --- Modules ------------------------------------------------------------------------------------------------------------

const MOUNT = {
  "src/_index.yaml": `namespace: app
entries:
  - {name: mine, kind: registry.entry}
  - name: main
    kind: function.lua
    method: main
    modules: [registry, funcs]
    source: |
      local function apply(build)
        local changes = registry.snapshot():changes()
        build(changes)
        local version, err = changes:apply()
        return { version = version and version:id(), error = err and err:message(), kind = err and err:kind() }
      end
      local function dependency(parameters)
        return { id = "app:dep", kind = "ns.dependency", data = { component = "acme/jobs", version = "^1.0.0", parameters = parameters } }
      end
      return { main = function(what, value)
        if what == "mount" then
          return apply(function(changes) changes:create(dependency({ { name = "word", value = value } })) end)
        elseif what == "reword" then
          return apply(function(changes) changes:update(dependency({ { name = "word", value = value } })) end)
        elseif what == "edit" then
          return apply(function(changes)
            local entry = registry.get("acme.base:settings")
            entry.data.edited = value
            changes:update(entry)
          end)
        elseif what == "dismount" then
          return apply(function(changes) changes:delete("app:dep") end)
        elseif what == "back" then
          return registry.apply_version(registry.history():get_version(value))
        end
        return (funcs.call("acme.jobs:say"))
      end }
`,
  ".wippy/vendor/acme/jobs/wippy.yaml": "organization: acme\nmodule: jobs\nversion: 1.4.0\n",
  ".wippy/vendor/acme/jobs/src/_index.yaml": `namespace: acme.jobs
entries:
  - {name: dep.base, kind: ns.dependency, component: acme/base, version: "*"}
  - {name: word, kind: ns.requirement, targets: [{entry: say, path: .source}, {entry: "acme.base:settings", path: .word}]}
  - {name: say, kind: function.lua, method: main, source: unset}
`,
  ".wippy/vendor/acme/base/src/_index.yaml": "namespace: acme.base\nname: settings\nkind: registry.entry\n",
};

function says(word: string): string {
  return `return { main = function() return "${word}" end }`;
}

test("a module is mounted, changed and dismounted while the application runs [ns.dependency] [ns.link.when] [ns.resolved-graph] [dep.resolve.history]", async () => {
  await withApplication(MOUNT, async (app) => {
    const { registry } = app.application;
    const before = registry.state.size;
    assert.deepEqual(await app.call("app:main", "mount", says("hello")), { version: 1 });
    assert.equal(await app.call("app:main"), "hello");
    assert.equal(registry.get("acme.jobs:say")!.meta["module"], "acme/jobs");
    assert.deepEqual(entryData(app, "acme.base:settings"), { word: says("hello") });
    const graph = await registry.graphOf(1);
    assert.deepEqual(
      graph!.modules.map(({ name, version, dependencies }) => [name, version, dependencies]),
      [["acme/base", "", []], ["acme/jobs", "1.4.0", ["acme/base"]]],
    );

    assert.deepEqual(await app.call("app:main", "edit", "by hand"), { version: 2 });
    assert.deepEqual(await app.call("app:main", "reword", says("bye")), { version: 3 });
    assert.equal(await app.call("app:main"), "bye");
    assert.deepEqual(entryData(app, "acme.base:settings"), { word: says("bye"), edited: "by hand" });

    assert.deepEqual(await app.call("app:main", "dismount"), { version: 4 });
    assert.equal(registry.state.size, before);
    assert.equal(registry.get("acme.base:settings"), undefined, "what only it needed goes with it");
    assert.equal(registry.get("acme.jobs:say"), undefined);

    await app.call("app:main", "back", 1);
    assert.equal(await app.call("app:main"), "hello");
    await app.call("app:main", "back", 0);
    assert.equal(registry.state.size, before);
  });
});

test("a module that can't be mounted changes nothing [ns.requirement.mandatory] [dep.requirement.default]", async () => {
  const { ".wippy/vendor/acme/base/src/_index.yaml": _base, ...incomplete } = MOUNT;
  await withApplication(incomplete, async (app) => {
    const result = await app.call("app:main", "mount", says("x")) as Record<string, Value>;
    assert.equal(result["kind"], "NotFound");
    assert.match(
      String(result["error"]),
      /acme\.jobs:dep\.base needs module acme\/base, which is not there; put it into the modules directory/,
    );
    assert.equal(app.application.registry.version().id, 0);
  });
  const unresolved = {
    ...MOUNT,
    ".wippy/vendor/acme/base/src/_index.yaml":
      "namespace: acme.base\nentries:\n  - {name: settings, kind: registry.entry}\n  - {name: must, kind: ns.requirement, targets: [{entry: settings, path: .x}]}\n",
  };
  await withApplication(unresolved, async (app) => {
    const result = await app.call("app:main", "mount", says("x")) as Record<string, Value>;
    assert.match(String(result["error"]), /^unresolved requirement: acme\.base:must has no default/);
    assert.equal(app.application.registry.get("acme.base:settings"), undefined);
  });
});
