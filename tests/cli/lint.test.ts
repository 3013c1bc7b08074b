/** `wippy lint`: what it looks at, what it shows, how it ends. */
import assert from "node:assert/strict";
import { AMBIENT_MODULES } from "../../src/lua/mod.ts";
import { test } from "node:test";
import { found, MIXED, report } from "./lint_project.ts";
import { assertSnapshot, inFolder, wippy } from "./wippy.ts";

const ALL_ERRORS = [
  "app:add E0013 2",
  "app:add E0001 9",
  "app:add E0001 9",
  "app:flow P0001 1",
  "app:inline E0001 1",
  "app.lib:shapes E0003 3",
];

test("functions, libraries, processes and workflows are checked without being run [lint.command] [linter.kinds] [cli.lint]", async () => {
  await inFolder(MIXED, async (cwd) => {
    const { stdout, stderr, code } = await wippy(["lint"], { cwd });
    assert.equal(code, 1);
    assert.equal(stderr, "Linting... 100%\n");
    assertSnapshot("lint_table", stdout);
    // The compiled entry counts and has no text to be wrong.
    assert.equal((await report(cwd)).total_entries, 6);
  });
});

test("findings come by entry, severity and line [lint.sort] [linter.table]", async () => {
  await inFolder(MIXED, async (cwd) => {
    const order = await found(cwd, "--rules", "--level", "hint");
    assert.deepEqual(order, [
      "app.lib:shapes E0003 3",
      "app:add E0013 2",
      "app:add E0001 9",
      "app:add E0001 9",
      "app:add W0006 1",
      "app:add W0006 2",
      "app:add W0004 3",
      "app:add W0005 9",
      "app:flow P0001 1",
      "app:inline E0001 1",
    ]);
  });
});

test("findings as JSON have exactly the fields that programs read [lint.json] [linter.json]", async () => {
  await inFolder(MIXED, async (cwd) => {
    const { diagnostics, ...counts } = await report(cwd, "--code", "P0001");
    assert.deepEqual(counts, { total_entries: 6, error_count: 1, warning_count: 0, hint_count: 0 });
    assert.deepEqual(diagnostics, [{
      entry_id: "app:flow",
      code: "P0001",
      severity: "error",
      message: "expected a parameter, found 'end'",
      line: 1,
      column: 27,
    }]);
    const all = await report(cwd, "--rules", "--level", "hint");
    const { diagnostics: shown, ...sums } = all;
    assert.deepEqual(sums, { total_entries: 6, error_count: 6, warning_count: 3, hint_count: 1 });
    for (const severity of ["error", "warning", "hint"] as const) {
      assert.equal(shown.filter((each) => each.severity === severity).length, all[`${severity}_count`]);
    }
  });
});

test("syntax errors are P0001 [lint.code.parse] [linter.p0001]", async () => {
  await inFolder(MIXED, async (cwd) => {
    assert.deepEqual(await found(cwd, "--code", "P0001"), ["app:flow P0001 1"]);
  });
});

test("type errors are E codes and always errors [lint.code.type] [linter.e]", async () => {
  await inFolder(MIXED, async (cwd) => {
    const { diagnostics } = await report(cwd, "--ns", "app", "--code", "E0001");
    assert.deepEqual(diagnostics.map(({ severity, message }) => `${severity}: ${message}`), [
      "error: string not assignable to number",
      "error: table not assignable to Shape: missing 'width'",
      "error: string not assignable to integer",
    ]);
  });
});

test("a required name that is not listed is an error without --rules, with fixed words [lint.require] [linter.require]", async () => {
  // What is declared, and what every entry sees, whether the runtime or the linter asks: one list.
  const granted = [...AMBIENT_MODULES, "json", "tools"];
  const source = `local a = require("nothing")
local c = require(name)
${granted.map((word) => `local _${word} = require("${word}")`).join("\n")}
local later = function() return require("tools.deep") end
return { main = function() return a, c, later end }
`;
  await inFolder({
    "src/_index.yaml": `namespace: app
entries:
  - {name: tools, kind: library.lua, source: "return {}"}
  - name: main
    kind: function.lua
    source: file://main.lua
    method: main
    modules: [json]
    imports: {tools: app:tools}
`,
    "src/main.lua": source,
  }, async (cwd) => {
    const { diagnostics } = await report(cwd, "--code", "E0013");
    assert.deepEqual(diagnostics.map(({ message, line, severity }) => [message, line, severity]), [
      [`require("nothing") is not declared in _index.yaml imports or modules`, 1, "error"],
      [
        `require("tools.deep") is not declared in _index.yaml imports or modules`,
        granted.length + 3,
        "error",
      ],
    ]);
  });
});

test("rules speak only when asked for [lint.rules] [linter.rules]", async () => {
  await inFolder(MIXED, async (cwd) => {
    const without = await found(cwd, "--level", "hint");
    assert.deepEqual(without.filter((line) => / [WS]/.test(line)), []);
    const named = await wippy(["lint", "--code", "W0004"], { cwd });
    assert.match(named.stderr, /W0004 is a rule; add --rules/);
    assert.match(named.stdout, /^No issues found\n/);
    assert.deepEqual(await found(cwd, "--rules", "--code", "W0004"), ["app:add W0004 3"]);
  });
});

test("every rule of style is found by its code", async (t) => {
  const source = `if true then end
leaked = 1
local same = leaked == leaked
local unused = 1
local function f(param) return same end
local json = require("json")
do local same = 2 print(same, f) end
return { main = f }
`;
  await inFolder({
    "src/_index.yaml":
      "namespace: app\nentries:\n  - {name: main, kind: function.lua, source: file://main.lua, method: main, modules: [json]}\n",
    "src/main.lua": source,
  }, async (cwd) => {
    const lines = (await found(cwd, "--rules", "--level", "hint")).map((line) =>
      line.slice("app:main ".length)
    );
    const severities = Object.fromEntries(
      (await report(cwd, "--rules", "--level", "hint")).diagnostics.map((
        { code, severity },
      ) => [code, severity]),
    );
    for (
      const [name, code, line, severity] of [
        ["an empty block [linter.w0001]", "W0001", 1, "warning"],
        ["an assignment to a global [linter.w0002]", "W0002", 2, "warning"],
        ["a value compared with itself [linter.w0003]", "W0003", 3, "error"],
        ["an unused local [linter.w0004]", "W0004", 4, "warning"],
        ["an unused parameter [linter.w0005]", "W0005", 5, "hint"],
        ["an unused import [linter.w0006]", "W0006", 6, "warning"],
        ["a local that hides another [linter.w0007]", "W0007", 7, "hint"],
      ] as const
    ) {
      await t.test(name, () => {
        assert.ok(lines.includes(`${code} ${line}`), lines.join(", "));
        assert.equal(severities[code], severity);
      });
    }
  });
});

test("--level is the least severity, warning by default [lint.levels] [linter.level]", async () => {
  await inFolder(MIXED, async (cwd) => {
    const severities = async (...flags: string[]): Promise<string[]> => {
      const { diagnostics } = await report(cwd, "--rules", ...flags);
      return [...new Set(diagnostics.map(({ severity }) => severity))].sort();
    };
    assert.deepEqual(await severities("--level", "error"), ["error"]);
    assert.deepEqual(await severities(), ["error", "warning"]);
    assert.deepEqual(await severities("--level", "warning"), ["error", "warning"]);
    assert.deepEqual(await severities("--level", "hint"), ["error", "hint", "warning"]);
    const wrong = await wippy(["lint", "--level", "fatal"], { cwd });
    assert.deepEqual([wrong.code, wrong.stdout], [2, ""]);
    assert.match(wrong.stderr, /--level is error, warning or hint, not "fatal"/);
  });
});

test("--ns is exact or everything below, and may be repeated or listed [lint.filters] [linter.ns]", async () => {
  await inFolder(MIXED, async (cwd) => {
    const entries = async (...patterns: string[]): Promise<string[]> => {
      const lines = await found(cwd, ...patterns.flatMap((pattern) => ["--ns", pattern]));
      return [...new Set(lines.map((line) => line.split(" ")[0]!))];
    };
    assert.deepEqual(await entries("app"), ["app:add", "app:flow", "app:inline"]);
    assert.deepEqual(await entries("app.*"), ["app.lib:shapes", "app:add", "app:flow", "app:inline"]);
    assert.deepEqual(await entries("app.**"), await entries("app.*"));
    assert.deepEqual(await entries("app.lib"), ["app.lib:shapes"]);
    assert.deepEqual(await entries("app.lib", "app"), await entries("app.*"));
    assert.deepEqual(await entries("app.lib,app"), await entries("app.*"));
    assert.deepEqual(await entries("other"), []);
    const { stderr } = await wippy(["lint", "--ns", "nowhere", "--ns", "app"], { cwd });
    assert.equal(stderr, "Linting... 100%\nwarning: no entry is in the namespace nowhere\n");
    assert.equal((await report(cwd, "--ns", "app.lib")).total_entries, 1);
  });
});

test("imports give their types while their own findings stay hidden [types.module.any-require] [linter.ns]", async () => {
  await inFolder(MIXED, async (cwd) => {
    const lines = await report(cwd, "--ns", "app");
    assert.ok(lines.diagnostics.some(({ message }) => message.includes("not assignable to Shape")));
    assert.ok(lines.diagnostics.every(({ entry_id }) => !entry_id.startsWith("app.lib:")));
  });
});

test("--code is repeated or listed [lint.filters] [linter.code]", async () => {
  await inFolder(MIXED, async (cwd) => {
    const both = ["app.lib:shapes E0003 3", "app:flow P0001 1"];
    assert.deepEqual(await found(cwd, "--code", "P0001", "--code", "E0003"), both);
    assert.deepEqual(await found(cwd, "--code", "P0001,E0003"), both);
    const none = await wippy(["lint", "--code", "E0012"], { cwd });
    assert.deepEqual([none.code, none.stdout], [0, "No issues found\nChecked 6 entries\n"]);
  });
});

test("--limit bounds what is shown, not what is counted; 0 is no bound [lint.filters] [linter.limit]", async () => {
  await inFolder(MIXED, async (cwd) => {
    const two = await report(cwd, "--limit", "2");
    assert.deepEqual([two.diagnostics.length, two.error_count], [2, ALL_ERRORS.length]);
    assert.equal((await report(cwd, "--limit", "0")).diagnostics.length, ALL_ERRORS.length);
    const { stdout, code } = await wippy(["lint", "--limit", "1"], { cwd });
    assert.equal(code, 1);
    assert.match(stdout, /\nShowing 1 of 6 issues\nChecked 6 entries: 6 errors, 0 warnings\n$/);
    assert.equal((await wippy(["lint", "--limit", "few"], { cwd })).code, 2);
  });
});

test("--summary counts by namespace and by code [lint.summary] [linter.summary]", async () => {
  await inFolder(MIXED, async (cwd) => {
    const { stdout } = await wippy(["lint", "--summary", "--rules", "--level", "hint"], { cwd });
    assert.equal(
      stdout,
      `By namespace:

  app                               9 issues (5 errors, 3 warnings, 1 hints)
  app.lib                           1 issues (1 errors)

By error code:

  E0001      [error  ]    3 occurrences
  E0003      [error  ]    1 occurrences
  E0013      [error  ]    1 occurrences
  P0001      [error  ]    1 occurrences
  W0004      [warning]    1 occurrences
  W0005      [hint   ]    1 occurrences
  W0006      [warning]    2 occurrences

Checked 6 entries: 6 errors, 3 warnings, 1 hints
`,
    );
  });
});

test("a project without findings says so and ends with 0; warnings alone end with 0 [lint.output] [lint.exit]", async () => {
  await inFolder(MIXED, async (cwd) => {
    const clean = await wippy(["lint", "--ns", "other"], { cwd });
    assert.deepEqual([clean.code, clean.stdout], [0, "No issues found\nChecked 1 entries\n"]);
    const warned = await wippy(["lint", "--rules", "--code", "W0004"], { cwd });
    assert.equal(warned.code, 0);
    assert.match(warned.stdout, /\nChecked 6 entries: 0 errors, 1 warnings\n$/);
    const wrong = await wippy(["lint", "--ns", "app"], { cwd });
    assert.equal(wrong.code, 1);
  });
});

test("colours, lock file, profiles and --set [lint.other-flags] [linter.other-flags] [config.profiles.commands]", async () => {
  const config = "profiles: {bare: {disable: {namespaces: [app, app.lib]}}}\n";
  const lock = "directories: {modules: .wippy, src: ./src}\n";
  await inFolder({ ...MIXED, ".wippy.yaml": config, "here.lock": lock }, async (cwd) => {
    const coloured = await wippy(["lint"], { cwd, env: { NO_COLOR: "", FORCE_COLOR: "1" } });
    assert.ok(coloured.stdout.includes("\u001b[31m"), "colours where they are wanted");
    const plain = await wippy(["lint", "--no-color"], { cwd, env: { NO_COLOR: "", FORCE_COLOR: "1" } });
    assert.ok(!plain.stdout.includes("\u001b"), "none with --no-color");
    assert.equal((await report(cwd, "--profile", "bare")).total_entries, 1);
    assert.equal((await report(cwd, "--set", "disable.namespaces=other")).total_entries, 5);
    assert.equal((await report(cwd, "-l", "here.lock")).total_entries, 6);
    assert.equal((await report(cwd, "--lock-file", "here.lock")).total_entries, 6);
    assert.equal((await wippy(["lint", "--lock-file", "gone.lock"], { cwd })).code, 2);
    assert.equal((await wippy(["lint", "--profile", "none"], { cwd })).code, 2);
    assert.equal((await wippy(["lint", "app"], { cwd })).code, 2);
  });
});

test("a project whose modules are missing is checked as far as it is there", async () => {
  await inFolder({
    "src/_index.yaml": `namespace: app
entries:
  - {name: dep, kind: ns.dependency, component: acme/tools, version: "*"}
  - name: main
    kind: function.lua
    source: file://main.lua
    method: main
    imports: {tools: acme.tools:lib}
`,
    "src/main.lua": "local n: number = 'x'\nreturn { main = function() return tools.use(n) end }\n",
  }, async (cwd) => {
    const { stdout, stderr, code } = await wippy(["lint", "--rules"], { cwd });
    assert.equal(code, 1);
    assert.match(stderr, /warning: src\/_index.yaml:3: app:dep needs module acme\/tools, which is not there/);
    assert.match(stdout, /src\/main\.lua:1:19: error: string not assignable to number \[E0001\]/);
    assert.match(stdout, /Checked 1 entries: 1 errors, 0 warnings\n$/);
  });
});

test("entries that need each other are found: such an application does not start", async () => {
  const entry = (name: string, other: string) =>
    `  - {name: ${name}, kind: library.lua, source: "return {}", imports: {other: "app:${other}"}}\n`;
  const files = { "src/_index.yaml": `namespace: app\nentries:\n${entry("a", "b")}${entry("b", "a")}` };
  await inFolder(files, async (cwd) => {
    const { stdout, code } = await wippy(["lint"], { cwd });
    assert.equal(code, 1);
    assert.match(
      stdout,
      /src\/_index\.yaml:3:\d+: error: dependency cycle: app:a -> app:b -> app:a; remove one of these references \[E0014\]/,
    );
    assert.match(stdout, /1 error/);
  });
});
