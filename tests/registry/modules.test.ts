/** Modules: where they come from, which version, how requirements are linked. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../../src/core/mod.ts";
import {
  type DependencyDeclaration,
  linkEntries,
  type ModuleCandidate,
  parseModuleVersion,
  parseVersionRange,
  resolveModules,
  satisfies,
} from "../../src/registry/mod.ts";
import { failureOf, load } from "./project_folder.ts";

const HOST = `namespace: app
entries:
  - name: dep.jobs
    kind: ns.dependency
    component: acme/jobs
    version: "^1.0.0"
    parameters:
      - {name: target_db, value: "app:db"}
`;

const JOBS = `namespace: acme.jobs
entries:
  - {name: definition, kind: ns.definition, module: jobs, readme: file://README.md}
  - name: target_db
    kind: ns.requirement
    targets:
      - {entry: worker, path: .db}
      - {entry: "acme.jobs:schema", path: .meta.target_db}
  - name: limit
    kind: ns.requirement
    default: 20
    targets: [{entry: worker, path: .options.limit}]
  - {name: worker, kind: registry.entry}
  - {name: schema, kind: registry.entry}
`;

test("entries come from the source, then replacements, then installed modules [proj.load-order] [yaml.load-order] [dep.declare]", () => {
  const { loaded, entries } = load({
    "src/_index.yaml": `${HOST}  - {name: dep.log, kind: ns.dependency, component: acme/log, version: "*"}\n`,
    "/elsewhere/jobs/src/_index.yaml": JOBS,
    ".wippy/vendor/acme/jobs/src/_index.yaml": "namespace: old\nname: old\nkind: registry.entry\n",
    ".wippy/vendor/acme/log/wippy.yaml": "organization: acme\nmodule: log\nversion: 2.0.0\n",
    ".wippy/vendor/acme/log/src/_index.yaml": "namespace: acme.log\nname: log\nkind: registry.entry\n",
  }, { replacements: { "acme/jobs": "../elsewhere/jobs" } });
  assert.deepEqual(loaded.entries.map((entry) => entry.id), [
    "app:dep.jobs",
    "app:dep.log",
    "acme.jobs:definition",
    "acme.jobs:target_db",
    "acme.jobs:limit",
    "acme.jobs:worker",
    "acme.jobs:schema",
    "acme.log:log",
  ]);
  assert.equal(entries.get("acme.jobs:worker")!.meta["module"], "acme/jobs");
  assert.deepEqual(
    loaded.graph!.modules.map(({ name, version, origin }) => [name, version, origin]),
    [["acme/jobs", "", "replacement"], ["acme/log", "2.0.0", "vendor"]],
  );
});

test("a replaced module is not read from where it is installed [dep.workspace.replacements] [ns.replacements]", () => {
  const files = {
    "src/_index.yaml": HOST,
    "local/src/_index.yaml": "namespace: acme.jobs\nname: local\nkind: registry.entry\n",
    ".wippy/vendor/acme/jobs/src/_index.yaml": "namespace: acme.jobs\nname: vendored\nkind: registry.entry\n",
  };
  const replaced = load(files, { replacements: { "acme/jobs": "./local" } });
  assert(replaced.entries.has("acme.jobs:local") && !replaced.entries.has("acme.jobs:vendored"));
  const installed = load(files);
  assert(installed.entries.has("acme.jobs:vendored") && !installed.entries.has("acme.jobs:local"));
  for (
    const [directory, why] of [["./nowhere", "does not exist"], [
      "src/_index.yaml",
      "is no directory",
    ]] as const
  ) {
    const failure = failureOf(() => load(files, { replacements: { "acme/jobs": directory } }));
    assert.equal(failure.kind, "Invalid");
    assert(
      failure.message.includes(`workspace.replacements: acme/jobs: ${directory} ${why}`),
      failure.message,
    );
  }
});

test("replacements of an older lock file still count [proj.lock.replacements]", () => {
  const files = {
    "src/_index.yaml": HOST,
    "local/_index.yaml": "namespace: l\nname: l\nkind: registry.entry\n",
  };
  assert(load(files, { lock: { modules: [], replacements: { "acme/jobs": "local" } } }).entries.has("l:l"));
  assert(
    load(files, { lock: { modules: [], replacements: [{ from: "acme/jobs", to: "local" }] } }).entries.has(
      "l:l",
    ),
  );
});

test("unpacked modules of the lock file are read from the vendor folder [proj.lock.directories]", () => {
  const lock = { modules: [{ name: "acme/jobs", version: "v1.2.0", hash: "00" }] };
  const { entries, loaded } = load({
    "src/_index.yaml": HOST,
    ".wippy/vendor/acme/jobs/src/_index.yaml": JOBS,
  }, { lock });
  assert(entries.has("acme.jobs:worker"));
  assert.equal(loaded.graph!.modules[0]!.version, "1.2.0");
  const failure = failureOf(() => load({ "src/_index.yaml": HOST }, { lock }));
  assert.equal(failure.kind, "NotFound");
  assert.match(
    failure.message,
    /acme\/jobs v1\.2\.0 is in wippy\.lock but not installed .*put it there/,
  );
});

test("a module that is nowhere is named with who needs it and what to do [dep.declare]", () => {
  const failure = failureOf(() => load({ "src/_index.yaml": HOST }));
  assert.equal(failure.kind, "NotFound");
  assert.match(
    failure.message,
    /^src\/_index\.yaml:3: app:dep\.jobs needs module acme\/jobs, which is not there; put it into the modules directory/,
  );
});

test("an installed version outside the range is a conflict [dep.constraint] [dep.resolve.intersection] [ns.dependency.version]", () => {
  const lock = { modules: [{ name: "acme/jobs", version: "v2.0.0", hash: "" }] };
  const failure = failureOf(() =>
    load({ "src/_index.yaml": HOST, ".wippy/vendor/acme/jobs/src/_index.yaml": JOBS }, { lock })
  );
  assert.equal(failure.kind, "Conflict");
  assert.match(failure.message, /acme\/jobs fits all of \^1\.0\.0 \(app:dep\.jobs\); there is 2\.0\.0/);
});

test("parameters and defaults reach all targets with their type [ns.requirement] [ns.requirement.fanout] [ns.requirement.target-entry] [ns.requirement.path] [ns.requirement.default] [ns.dependency] [ns.dependency.bare] [ns.dependency.precedence] [ns.link.when] [ns.requirement.order] [dep.requirement.default] [dep.requirement.targets] [dep.link.order]", () => {
  const { entries, warnings } = load({
    "src/_index.yaml": HOST,
    ".wippy/vendor/acme/jobs/src/_index.yaml": JOBS,
  });
  assert.deepEqual(entries.get("acme.jobs:worker")!.data, { db: "app:db", options: { limit: 20 } });
  assert.equal(entries.get("acme.jobs:schema")!.meta["target_db"], "app:db");
  assert.equal(warnings.filter((warning) => !warning.includes("README")).length, 0, warnings.join());
});

test("a readme is inlined; a missing one is a warning [ns.definition] [dep.definition] [ns.definition.wiki] [dep.definition.wiki]", () => {
  const missing = load({ "src/_index.yaml": HOST, ".wippy/vendor/acme/jobs/src/_index.yaml": JOBS });
  assert.match(missing.warnings.join(), /acme\.jobs:definition: readme: file not found/);
  const { entries, warnings } = load({
    "src/_index.yaml":
      "namespace: app\nname: definition\nkind: ns.definition\nreadme: file://README.md\nwiki: {GUIDE.md: file://guide.md}\nlicense: MIT\n",
    "README.md": "# Beside the manifest",
    "src/guide.md": "Guide",
  });
  const wanted = { readme: "# Beside the manifest", wiki: { "GUIDE.md": "Guide" }, license: "MIT" };
  assert.deepEqual(entries.get("app:definition")!.data, wanted);
  assert.deepEqual(warnings, []);
});

// --- Linking ------------------------------------------------------------------------------------------------------------

type Plain = Record<string, Value>;

function entry(id: string, kind: string, data: Plain, meta: Plain = {}) {
  return { id, kind, meta, data };
}

function requirement(id: string, data: Plain, meta: Plain = { module: "acme/m" }) {
  return entry(id, "ns.requirement", data, meta);
}

function dependency(id: string, parameters: Plain[], component = "acme/m", meta: Plain = {}) {
  return entry(id, "ns.dependency", { component, parameters }, meta);
}

function dataOf(entries: ReturnType<typeof linkEntries>, id: string): Value {
  return entries.find((item) => item.id === id)!.data;
}

const TARGET = { targets: [{ entry: "t", path: ".v" }] };

test("a bare parameter stays with its component, a qualified one names its requirement [ns.dependency.bare] [ns.dependency.qualified] [dep.param.match]", () => {
  const target = entry("m:t", "registry.entry", {});
  const link = (...more: ReturnType<typeof entry>[]) =>
    dataOf(linkEntries([requirement("m:r", TARGET), target, ...more]), "m:t");
  assert.deepEqual(link(dependency("app:d", [{ name: "r", value: 1 }])), { v: 1 });
  assert.deepEqual(link(dependency("app:d", [{ name: "r", value: 1 }], "acme/other")), {});
  assert.deepEqual(link(dependency("app:d", [{ name: "m:r", value: 2 }], "acme/other")), { v: 2 });
  assert.deepEqual(link(dependency("app:d", [{ name: "x:r", value: 2 }])), {});
});

test("two values for one requirement are a conflict, equal ones are not; the application's own win [ns.dependency.conflict] [dep.param.match] [dep.resolve.root-wins]", () => {
  const base = [requirement("m:r", TARGET), entry("m:t", "registry.entry", {})];
  const link = (...more: ReturnType<typeof entry>[]) => dataOf(linkEntries([...base, ...more]), "m:t");
  const failure = failureOf(() =>
    link(
      dependency("app:a", [{ name: "r", value: 1 }]),
      dependency("app:b", [{ name: "m:r", value: 2 }], "acme/z"),
    )
  );
  assert.equal(failure.kind, "Conflict");
  assert.equal(failure.message, "requirement m:r is given two values: 1 (app:a) and 2 (app:b); keep one");
  const one = dependency("app:a", [{ name: "r", value: { a: 1 } }]);
  assert.deepEqual(link(one, dependency("app:b", [{ name: "m:r", value: { a: 1 } }], "acme/z")), {
    v: { a: 1 },
  });
  const transitive = dependency("z:d", [{ name: "m:r", value: 9 }], "acme/m", { module: "acme/z" });
  assert.deepEqual(link(transitive, dependency("app:a", [{ name: "r", value: 1 }])), { v: 1 });
  assert.deepEqual(link(transitive), { v: 9 });
  const flagged = dependency("z:d", [{ name: "m:r", value: 9 }], "acme/m", { module: "acme/z", root: true });
  assert.equal(
    failureOf(() => link(flagged, dependency("app:a", [{ name: "r", value: 1 }]))).kind,
    "Conflict",
  );
});

test("+= appends once, in order, and makes the list [ns.requirement.append] [dep.requirement.append]", () => {
  const append = (id: string, value: Value) =>
    requirement(id, { targets: [{ entry: "t", path: ".list+=" }], default: value });
  const target = entry("m:t", "registry.entry", { list: ["a"] });
  const once = linkEntries([append("m:b", "b"), append("m:c", ["c", "a"]), target]);
  assert.deepEqual(dataOf(once, "m:t"), { list: ["a", "b", "c"] });
  assert.deepEqual(
    dataOf(linkEntries(once), "m:t"),
    { list: ["a", "b", "c"] },
    "linking twice changes nothing",
  );
  assert.deepEqual(dataOf(linkEntries([append("m:b", "b"), entry("m:t", "x", {})]), "m:t"), { list: ["b"] });
  assert.match(
    failureOf(() => linkEntries([append("m:b", 1), entry("m:t", "x", { list: 5 })])).message,
    /m:t: .*list/,
  );
  assert.deepEqual(target.data, { list: ["a"] }, "the entry given is not changed");
});

test("an empty default is a default; without one the requirement is mandatory [ns.requirement.default] [ns.requirement.mandatory] [dep.requirement.default]", () => {
  const warnings: string[] = [];
  const link = (data: Plain, strict: boolean) =>
    dataOf(
      linkEntries(
        [requirement("m:r", { ...TARGET, ...data }), entry("m:t", "registry.entry", { v: "kept" })],
        {
          strict,
          warn: (message) => warnings.push(message),
        },
      ),
      "m:t",
    );
  assert.deepEqual(link({ default: "" }, true), { v: "" });
  assert.deepEqual(link({ default: null }, true), { v: null });
  assert.deepEqual(warnings, []);
  assert.deepEqual(link({}, false), { v: "kept" });
  assert.deepEqual(warnings, [
    "unresolved requirement: m:r has no default and no ns.dependency gives it a value",
  ]);
  assert.match(failureOf(() => link({}, true)).message, /^unresolved requirement: m:r has no default/);
});

test("a requirement without targets is an error, one with a missing target a warning [ns.requirement] [dep.requirement.targets]", () => {
  for (
    const data of [{}, { targets: [] }, { targets: [{ entry: "t" }] }, {
      targets: [{ entry: "t", path: "." }],
    }]
  ) {
    assert.equal(failureOf(() => linkEntries([requirement("m:r", data)])).kind, "Invalid");
  }
  const warnings: string[] = [];
  linkEntries([requirement("m:r", { ...TARGET, default: 1 })], {
    warn: (message) => warnings.push(message),
  });
  assert.deepEqual(warnings, ["m:r: target m:t does not exist"]);
  assert.match(
    failureOf(() => linkEntries([requirement("m:r", { ...TARGET, default: 1 })], { strict: true })).message,
    /m:r: target m:t does not exist/,
  );
});

test("placeholders go through as they are [dep.param.env] [yaml.env]", () => {
  const linked = linkEntries([
    requirement("m:r", TARGET),
    requirement("m:s", { targets: [{ entry: "t", path: ".w.x" }], default: "${env:S|1}" }),
    entry("m:t", "registry.entry", {}),
    dependency("app:d", [{ name: "r", value: "${env:NAME}" }]),
  ]);
  assert.deepEqual(dataOf(linked, "m:t"), { v: "${env:NAME}", w: { x: "${env:S|1}" } });
});

// --- Versions -----------------------------------------------------------------------------------------------------------

test("ranges: exact, caret, tilde, bounds, any, several at once [dep.constraint] [ns.dependency.version]", () => {
  const fits = (range: string, version: string) =>
    satisfies(parseModuleVersion(version)!, parseVersionRange(range));
  const table: [string, string[], string[]][] = [
    ["1.2.3", ["1.2.3", "v1.2.3"], ["1.2.4", "1.2.2"]],
    ["^1.2.0", ["1.2.0", "1.9.9"], ["2.0.0", "1.1.9", "2.0.0-rc.1"]],
    ["^0.2.1", ["0.2.1", "0.2.9"], ["0.3.0", "0.2.0"]],
    ["~1.2.0", ["1.2.0", "1.2.9"], ["1.3.0"]],
    [">=1.0.0", ["1.0.0", "9.0.0"], ["0.9.9"]],
    ["*", ["0.0.1", "9.9.9"], []],
    ["", ["1.0.0"], []],
    [">=1.0.0 <2.0.0", ["1.0.0", "1.99.0"], ["2.0.0", "0.9.0"]],
    [">= 1.0.0 <2", ["1.5.0"], ["2.0.0"]],
    [">=1.0.0-rc.1", ["1.0.0-rc.2", "1.0.0"], ["1.0.0-beta", "1.1.0-rc.1"]],
  ];
  for (const [range, inside, outside] of table) {
    for (const version of inside) assert(fits(range, version), `${version} in "${range}"`);
    for (const version of outside) assert(!fits(range, version), `${version} not in "${range}"`);
  }
  assert.match(failureOf(() => parseVersionRange("one")).message, /"one" is no version range/);
});

interface Shelf {
  [module: string]: { [version: string]: { [dependency: string]: string } };
}

function declaration(component: string, range: string, from = ""): DependencyDeclaration {
  return { id: `${from === "" ? "app" : from}:${component}`, component, range, from };
}

function solve(
  roots: Record<string, string> | DependencyDeclaration[],
  shelf: Shelf,
): Record<string, string> {
  const declared = Array.isArray(roots)
    ? roots
    : Object.entries(roots).map(([name, range]) => declaration(name, range));
  const graph = resolveModules(declared, {
    hint: "get it",
    candidates: (name) =>
      Object.entries(shelf[name] ?? {}).map(([version, dependencies]): ModuleCandidate => ({
        name,
        version,
        origin: "test",
        hash: "",
        dependencies: Object.entries(dependencies).map(([other, range]) => declaration(other, range, name)),
      })),
  });
  return Object.fromEntries(graph.modules.map(({ name, version }) => [name, version]));
}

test("the highest version in all declared ranges is taken [dep.resolve.intersection] [ns.dependency.resolve]", () => {
  const shelf: Shelf = {
    a: { "1.0.0": { c: "^1.0.0" } },
    b: { "1.0.0": { c: ">=1.1.0 <1.3.0" } },
    c: { "1.0.0": {}, "1.1.0": {}, "1.2.0": {}, "1.3.0": {}, "2.0.0": {}, "3.0.0-rc": {} },
  };
  assert.deepEqual(solve({ a: "*", b: "*" }, shelf), { a: "1.0.0", b: "1.0.0", c: "1.2.0" });
  assert.deepEqual(solve({ c: "*" }, shelf), { c: "2.0.0" });
  assert.deepEqual(solve({ c: "^1.0.0" }, shelf), { c: "1.3.0" });
});

test("an older version is taken when the newest can't have its own dependencies [dep.resolve.intersection]", () => {
  const shelf: Shelf = {
    a: { "1.0.0": { c: "^1.0.0" }, "1.1.0": { c: "^2.0.0" } },
    b: { "1.0.0": { c: "^1.0.0" } },
    c: { "1.5.0": {}, "2.0.0": {} },
  };
  assert.deepEqual(solve({ a: "^1.0.0", b: "^1.0.0" }, shelf), { a: "1.0.0", b: "1.0.0", c: "1.5.0" });
});

test("no common version is a conflict that names every declaration [dep.resolve.intersection]", () => {
  const shelf: Shelf = {
    a: { "1.0.0": { c: "^1.0.0" } },
    b: { "1.0.0": { c: "^2.0.0" } },
    c: { "1.0.0": {}, "2.0.0": {} },
  };
  const failure = failureOf(() => solve({ a: "*", b: "*" }, shelf));
  assert.equal(failure.kind, "Conflict");
  assert.match(failure.message, /module c fits all of .*\^1\.0\.0 \(a:c\).*\^2\.0\.0 \(b:c\)/);
  assert.equal(
    failureOf(() => solve({ x: "*" }, shelf)).message,
    "app:x needs module x, which is not there; get it",
  );
});

test("the application's own range decides alone [dep.resolve.root-wins] [ns.dependency.resolve]", () => {
  const shelf: Shelf = { a: { "1.0.0": { c: "^2.0.0" } }, c: { "1.0.0": {}, "2.0.0": {} } };
  assert.deepEqual(solve({ a: "*", c: "1.0.0" }, shelf), { a: "1.0.0", c: "1.0.0" });
});

test("a module declared twice by the application is a conflict [dep.resolve.duplicate] [ns.dependency.resolve]", () => {
  const twice = [
    { id: "app:one", component: "a", range: "*", from: "" },
    { id: "app:two", component: "a", range: "*", from: "" },
  ];
  const failure = failureOf(() => solve(twice, { a: { "1.0.0": {} } }));
  assert.equal(failure.kind, "Conflict");
  assert.match(failure.message, /module a is declared twice, by app:one and app:two/);
});

test("modules may depend on each other [dep.resolve.intersection]", () => {
  const shelf: Shelf = { a: { "1.0.0": { b: "*" } }, b: { "1.0.0": { a: "^1.0.0" } } };
  assert.deepEqual(solve({ a: "*" }, shelf), { a: "1.0.0", b: "1.0.0" });
});
