/** Modules of a project: `wippy add`, `install`, `update`, and what their parameters reach. */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import { inFolder, wippy } from "./wippy.ts";

const EMPTY = { "src/_index.yaml": "namespace: app\nentries: []\n" };

/** Runs a command that must go well; what it printed. */
async function fine(cwd: string, ...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await wippy(args, { cwd });
  assert.deepEqual([code, stderr], [0, ""], `wippy ${args.join(" ")}`);
  return stdout;
}

function lockOf(cwd: string): string {
  return readFileSync(join(cwd, "wippy.lock"), "utf8");
}

const LOCKED =
  /^modules:\n {2}- name: wippy\/terminal\n {4}version: v\d+\.\d+\.\d+\n {4}hash: [0-9a-f]{64}\n {2}- name: wippy\/test\n/m;

test("add writes modules and those they need into the lock file [fw.add] [fw.transitive] [cli.add]", async () => {
  await inFolder(EMPTY, async (cwd) => {
    const added = await fine(cwd, "add", "wippy/test");
    assert.match(
      added,
      /^added wippy\/terminal v\S+ \(comes with the program\)\nadded wippy\/test v\S+ \(comes with the program\)\n$/,
    );
    assert.match(lockOf(cwd), LOCKED);
    assert.match(await fine(cwd, "add", "wippy/terminal@latest"), /^has wippy\/terminal v/);
    assert.match(await fine(cwd, "registry", "list", "--ns", "wippy.*"), /wippy\.test:runner/);
  });
});

test("add takes several modules and a version that is there, and keeps the rest of the lock file [cli.add]", async () => {
  const lock = "# kept\ndirectories:\n  modules: .wippy\n  src: ./src # kept as well\n";
  await inFolder({ ...EMPTY, "other.lock": lock }, async (cwd) => {
    await fine(cwd, "add", "wippy/terminal@^0.3.0", "wippy/test", "-l", "other.lock");
    const text = readFileSync(join(cwd, "other.lock"), "utf8");
    assert.match(text, /^# kept\n[\s\S]*# kept as well\n/);
    assert.match(text, LOCKED);
    assert.equal(existsSync(join(cwd, "wippy.lock")), false);
  });
});

test("a module that is nowhere, a version that is not there and a word that is no module are told apart [cli.add]", async () => {
  await inFolder(EMPTY, async (cwd) => {
    const failure = async (...args: string[]): Promise<[number | null, string]> => {
      const { code, stderr } = await wippy(args, { cwd });
      return [code, stderr];
    };
    const [code, nowhere] = await failure("add", "acme/http");
    assert.equal(code, 1);
    assert.match(
      nowhere,
      /module acme\/http is not there: .*no hub is known; put it into \.wippy\/vendor\/acme\/http/,
    );
    const [, hub] = await failure("add", "acme/http", "--registry", "http://127.0.0.1:1");
    assert.match(hub, /the hub http:\/\/127\.0\.0\.1:1 can't be asked/);
    const [, version] = await failure("add", "wippy/test@99.0.0");
    assert.match(version, /no version of module wippy\/test fits all of 99\.0\.0 \(wippy add\); there is \d/);
    const [misuse, word] = await failure("add", "test");
    assert.equal(misuse, 2);
    assert.match(word, /"test" is no module: org\/name/);
    assert.equal((await failure("add"))[0], 2);
    assert.doesNotMatch(lockOf(cwd), /modules:\n {2}-/);
  });
});

test("a version that the sources' own declaration does not give is refused, not passed over [cli.add]", async () => {
  const index = "namespace: app\nentries:\n  - { name: needs, kind: ns.dependency, component: wippy/test }\n";
  await inFolder({ "src/_index.yaml": index }, async (cwd) => {
    await fine(cwd, "add", "wippy/test@>=0.1.0");
    const { code, stderr } = await wippy(["add", "wippy/test@99.0.0"], { cwd });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /module wippy\/test is declared by app:needs as \*, which gives v\S+ and not 99\.0\.0; change the version there/,
    );
  });
});

test("install makes ready what the lock file names [fw.add] [cli.install] [cli.install.flags]", async () => {
  await inFolder(EMPTY, async (cwd) => {
    assert.match(await fine(cwd, "install"), /names no modules/);
    await fine(cwd, "add", "wippy/test");
    assert.match(
      await fine(cwd, "install", "wippy/test", "--set", "logger.level=info"),
      /^wippy\/test v\S+ \(comes with the program\)\n$/,
    );
    const { code, stderr } = await wippy(["install", "acme/http"], { cwd });
    assert.equal(code, 1);
    assert.match(stderr, /wippy\.lock has no module acme\/http; add it with wippy add acme\/http/);
    writeFileSync(
      join(cwd, "wippy.lock"),
      `${lockOf(cwd)}  - name: acme/http\n    version: v1.0.0\n    hash: "00"\n`,
    );
    const missing = await wippy(["install"], { cwd });
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /module acme\/http is not there/);
  });
});

test("unpacked modules are files that can be looked at, checked and written again [cli.install] [cli.install.refresh] [proj.lock.modules] [ns.lock]", async () => {
  await inFolder(EMPTY, async (cwd) => {
    await fine(cwd, "add", "wippy/test");
    writeFileSync(join(cwd, "wippy.lock"), `${lockOf(cwd)}options:\n  unpack_modules: true\n`);
    assert.match(await fine(cwd, "install"), /^wippy\/test v\S+ \(installed\)$/m);
    const source = join(cwd, ".wippy/vendor/wippy/test/test.lua");
    const original = readFileSync(source, "utf8");
    writeFileSync(source, `-- changed\n${original}`);
    assert.match(
      await fine(cwd, "install"),
      /^wippy\/test v\S+ \(installed; was not what wippy\.lock says, written again\)$/m,
    );
    assert.equal(readFileSync(source, "utf8"), original);
    for (const flag of ["--refresh", "--force", "--repair"]) {
      writeFileSync(source, `-- changed\n${original}`);
      await fine(cwd, "install", flag);
      assert.equal(readFileSync(source, "utf8"), original);
    }
  });
});

test("an installed module that is not what was locked is rejected [proj.lock.modules] [ns.lock]", async () => {
  const vendor = ".wippy/vendor/acme/tools";
  const files = {
    ...EMPTY,
    [`${vendor}/wippy.yaml`]: "organization: acme\nmodule: tools\nversion: 1.0.0\n",
    [`${vendor}/_index.yaml`]:
      "namespace: acme.tools\nentries: [{name: a, kind: registry.entry, value: 1}]\n",
  };
  await inFolder(files, async (cwd) => {
    await fine(cwd, "add", "acme/tools");
    assert.match(lockOf(cwd), /name: acme\/tools\n {4}version: v1\.0\.0\n {4}hash: [0-9a-f]{64}\n/);
    assert.match(await fine(cwd, "install"), /^acme\/tools v1\.0\.0 \(installed\)\n$/);
    const path = join(cwd, vendor, "_index.yaml");
    writeFileSync(path, readFileSync(path, "utf8").replace("value: 1", "value: 2"));
    const { code, stderr } = await wippy(["install", "--refresh"], { cwd });
    assert.equal(code, 1);
    assert.match(
      stderr,
      /acme\/tools is not what wippy\.lock says: its contents have another hash; wippy update acme\/tools/,
    );
    await fine(cwd, "update", "acme/tools");
    await fine(cwd, "install");
  });
});

const DECLARED = {
  "src/_index.yaml": `namespace: app
entries:
  - name: dependency.test
    kind: ns.dependency
    component: wippy/test
    version: ">=0.1.0"
`,
};

test("update writes what the sources declare [fw.declare] [cli.update] [cli.update.flags]", async () => {
  await inFolder(DECLARED, async (cwd) => {
    const updated = await fine(cwd, "update", "--src-dir", "./src", "--modules-dir", "modules");
    assert.match(updated, /^wippy\/terminal v\S+\nwippy\/test v\S+\n$/);
    assert.match(lockOf(cwd), /^directories:\n {2}modules: modules\n {2}src: \.\/src\n/);
    assert.match(lockOf(cwd), LOCKED);
    assert.equal(await fine(cwd, "update", "wippy/test"), "everything is up to date\n");
    const other = await wippy(["update", "acme/http"], { cwd });
    assert.match(other.stderr, /acme\/http is no module of this project/);
    writeFileSync(join(cwd, "wippy.lock"), lockOf(cwd).replaceAll(/version: v\S+/g, "version: v0.0.1"));
    const both = await wippy(["update", "wippy/test"], { cwd });
    assert.match(both.stderr, /others would change too: wippy\/terminal v/);
    assert.match(await fine(cwd, "update"), /^wippy\/terminal v0\.0\.1 -> v\S+\nwippy\/test v0\.0\.1 -> v/);
  });
});

/** A module with requirements of every kind, one that it depends on, and an application that uses both. */
function parametrized(parameters: string): Record<string, string> {
  return {
    "wippy.lock": "directories:\n  modules: .wippy\n  src: ./src\n",
    "src/_index.yaml": `namespace: app
entries:
  - name: dependency.tools
    kind: ns.dependency
    component: acme/tools
    version: "*"
    parameters:
${parameters}
  - name: show
    kind: function.lua
    method: main
    imports: {registry: ":registry", greet: "acme.tools:greet", list: "acme.list:list"}
    source: |
      return { main = function()
        local settings = require("registry").get("acme.tools:settings")
        return {
          greeting = greet.main(settings.data.name),
          groups = settings.data.groups,
          title = settings.data.title,
          own = registry.get("acme.tools:title").data.default,
          size = list.size(),
        }
      end }
`,
    ".wippy/vendor/acme/tools/wippy.yaml": "organization: acme\nmodule: tools\nversion: 1.2.0\n",
    ".wippy/vendor/acme/tools/_index.yaml": `namespace: acme.tools
entries:
  - name: dependency.list
    kind: ns.dependency
    component: acme/list
    version: "*"
    parameters: [{name: size, value: "3"}]
  - name: settings
    kind: registry.entry
    name_of: nobody
    groups: ["base"]
  - name: name
    kind: ns.requirement
    targets: [{entry: settings, path: .name}]
  - name: group
    kind: ns.requirement
    default: ""
    targets: [{entry: settings, path: ".groups +="}]
  - name: title
    kind: ns.requirement
    default: Untitled
    targets: [{entry: settings, path: .title}, {entry: title, path: .default}]
  - name: greet
    kind: function.lua
    method: main
    source: |
      return { main = function(name) return "Hello, " .. tostring(name) end }
`,
    ".wippy/vendor/acme/list/wippy.yaml": "organization: acme\nmodule: list\nversion: 1.0.0\n",
    ".wippy/vendor/acme/list/_index.yaml": `namespace: acme.list
entries:
  - name: size
    kind: ns.requirement
    targets: [{entry: settings, path: .size}]
  - name: settings
    kind: registry.entry
  - name: list
    kind: library.lua
    modules: [registry]
    source: |
      return { size = function() return registry.get("acme.list:settings").data.size end }
`,
  };
}

const shown = async (parameters: string): Promise<Record<string, unknown>> => {
  let value: Record<string, unknown> = {};
  await inFolder(parametrized(parameters), async (cwd) => {
    value = JSON.parse(await fine(cwd, "call", "app:show")) as Record<string, unknown>;
  });
  return value;
};

test("parameters reach their targets, appended or written, also of modules of modules [fw.params] [fw.params.append] [fw.params.self] [fw.import.builtin] [fw.import.function] [fw.transitive]", async () => {
  assert.deepEqual(
    await shown(
      "      - {name: name, value: Ada}\n      - {name: group, value: admins}\n      - {name: title, value: Tools}",
    ),
    { greeting: "Hello, Ada", groups: ["base", "admins"], title: "Tools", own: "Tools", size: "3" },
  );
});

test("a default makes a parameter optional, and one that nobody declares harms nobody [fw.params.default] [fw.params.unknown]", async () => {
  assert.deepEqual(
    await shown("      - {name: name, value: Ada}\n      - {name: app_db, value: app:db}"),
    { greeting: "Hello, Ada", groups: ["base", ""], title: "Untitled", own: "Untitled", size: "3" },
  );
  await inFolder(parametrized("      - {name: title, value: T}"), async (cwd) => {
    const { code, stdout, stderr } = await wippy(["call", "app:show", "-c"], { cwd });
    assert.equal(code, 0, stderr);
    assert.equal((JSON.parse(stdout) as { greeting: string }).greeting, "Hello, nil");
    assert.match(stderr, /unresolved requirement: acme\.\w+:name has no default/);
  });
});

test("a qualified name reaches one requirement, of any module [fw.params.qualified]", async () => {
  const { size } = await shown(
    '      - {name: name, value: Ada}\n      - {name: "acme.list:size", value: "12"}',
  );
  assert.equal(size, "12");
  const twice = '      - {name: name, value: Ada}\n      - {name: "acme.list:size", value: "12"}\n' +
    "  - name: dependency.list\n    kind: ns.dependency\n    component: acme/list\n" +
    '    parameters: [{name: size, value: "13"}]';
  await inFolder(parametrized(twice), async (cwd) => {
    const { code, stderr } = await wippy(["call", "app:show"], { cwd });
    assert.equal(code, 1);
    assert.match(stderr, /Conflict/);
    assert.match(stderr, /acme\.list:size/);
  });
});

/** What modules may expect of an application that says nothing. */
const SERVER = {
  "src/app/_index.yaml":
    'namespace: app\n\nentries:\n  - name: gateway\n    kind: http.service\n    addr: ":8080"\n\n' +
    "  - name: api\n    kind: http.router\n    meta:\n      server: gateway\n\n  - name: processes\n    kind: process.host\n",
  "src/app/env/_index.yaml": "namespace: app.env\n\nentries:\n  - name: store\n    kind: env.storage.os\n",
};
const FRAMEWORK = fileURLToPath(new URL("../../src/framework", import.meta.url));

test("the modules of the program are laid out and typed as the program wants it", async () => {
  const folders = readdirSync(FRAMEWORK, { withFileTypes: true }).filter((item) => item.isDirectory());
  assert.ok(folders.length >= 7);
  for (const { name } of folders) {
    const files = Object.fromEntries(
      readdirSync(join(FRAMEWORK, name), { recursive: true, withFileTypes: true })
        .filter((item) => item.isFile()).map((item) => join(item.parentPath, item.name)).map((path) => [
          `src/${relative(join(FRAMEWORK, name), path)}`,
          readFileSync(path, "utf8"),
        ]),
    );
    await inFolder({ ...SERVER, ...files }, async (cwd) => {
      const lint = await wippy(["lint", "--rules", "--level", "hint"], { cwd });
      assert.equal((await wippy(["fmt", "--check"], { cwd })).code, 0, name);
      assert.deepEqual([lint.code, lint.stdout.split("\n")[0]], [0, "No issues found"], lint.stdout);
    });
  }
});
