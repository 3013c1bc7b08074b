/** `wippy test`, and the tests that new projects come with. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { TEMPLATES } from "../../src/cli/scaffold.ts";
import { TOOLS } from "./applications.ts";
import { assertSnapshot, inFolder, wippy } from "./wippy.ts";

function testEntry(name: string, meta: string, body: string): string {
  return `  - name: ${name}
    kind: function.lua
    meta: {type: test, ${meta}}
    modules: [time]
    method: run
    source: |
      return { run = function() ${body} end }
`;
}

const MIXED = `namespace: app
entries:
${testEntry("b.second", "suite: beta, order: 2", "return true")}${
  testEntry("b.first", "suite: beta, order: 1, name: comes first", "return nil")
}${testEntry("a.raises", "suite: alpha", 'error("too late")')}${
  testEntry("a.false", "suite: alpha", "return false")
}${testEntry("a.slow", "suite: alpha, timeout: 50ms", 'time.sleep("1m")')}${
  testEntry("skipped", "skip: true", 'error("never")')
}`;

test("tests are found, ordered, run and summed up [cli.test] [cli.test.exitcode] [kind.meta.test]", async () => {
  await inFolder({ "src/_index.yaml": MIXED }, async (cwd) => {
    const { code, stdout, stderr } = await wippy(["test"], { cwd });
    assert.deepEqual([code, stderr], [1, ""]);
    assertSnapshot("test_mixed", stdout.replace(/(?<!after )\b\d+ms/g, "<n>ms"));
  });
});

test("words choose tests by a part of their id [cli.test.filter]", async () => {
  await inFolder({ "src/_index.yaml": MIXED }, async (cwd) => {
    const { code, stdout } = await wippy(["test", "b.fi", "second"], { cwd });
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^ {2}beta \(2\) {2}2\/2 {2}\d+ms\n {4}o comes first\n {4}o b\.second\n\n {2}PASSED {3}2 tests {3}\d+ms\n$/,
    );
    const none = await wippy(["test", "nothing"], { cwd });
    assert.equal(none.code, 0);
    assert.match(none.stdout, /^No tests found\.\n\nNone of \d+ has nothing in its id: \S/);
  });
});

test("results are printed as JSON on request", async () => {
  await inFolder({ "src/_index.yaml": MIXED }, async (cwd) => {
    const { code, stdout } = await wippy(["test", "--json"], { cwd });
    assert.equal(code, 1);
    const results = JSON.parse(stdout) as { id: string; status: string; error?: string; trace?: string[] }[];
    assert.deepEqual(results.map(({ id, status }) => `${id} ${status}`), [
      "app:a.false failed",
      "app:a.raises failed",
      "app:a.slow failed",
      "app:b.first passed",
      "app:b.second passed",
      "app:skipped skipped",
    ]);
    assert.match(results[1]!.error!, /too late/);
    assert.match(results[1]!.trace![0]!, /^src\/_index\.yaml:\d+/);
  });
});

test("a test command of the application is run instead [cli.test] [cli.command.use-case]", async () => {
  await inFolder(TOOLS, async (cwd) => {
    const { code, stdout } = await wippy(["test", "word"], { cwd });
    assert.deepEqual([code, stdout], [1, "testing\tword\n"]);
  });
});

test("flags of run hold for test too [cli.test.flags]", async () => {
  await inFolder(
    { "src/_index.yaml": MIXED, ".wippy.yaml": "profiles: {p: {disable: {entries: ['a.*']}}}" },
    async (cwd) => {
      const { code, stdout } = await wippy(
        [
          "test",
          ...["--profile", "p", "-o", "app:b.first:meta.name=renamed", "--set", "logger.level=warn"],
          ...["--host", "wippy.terminal:host", "--registry", "http://127.0.0.1:1"],
        ],
        { cwd },
      );
      assert.equal(code, 0);
      assert.match(stdout, /^ {4}o renamed$/m);
      assert.doesNotMatch(stdout, /alpha/);
      const nowhere = await wippy(["test", "--host", "app:none"], { cwd });
      assert.equal(nowhere.code, 1);
      assert.match(nowhere.stderr, /terminal host not found: app:none; there are: wippy\.terminal:host/);
    },
  );
});

for (const { name } of TEMPLATES) {
  test(`a new ${name} project passes its own test, lint and fmt [cli.init]`, async () => {
    await inFolder({}, async (folder) => {
      assert.equal((await wippy(["init", "app", "-t", name], { cwd: folder })).code, 0);
      const { code, stdout, stderr } = await wippy(["test"], { cwd: join(folder, "app") });
      assert.equal(code, 0, stdout + stderr);
      assert.match(stdout, /^ {2}PASSED {3}[12] tests? {3}/m);
      for (const words of [["lint", "--rules"], ["fmt", "--check"]]) {
        const found = await wippy(words, { cwd: join(folder, "app") });
        assert.equal(found.code, 0, found.stdout + found.stderr);
      }
    });
  });
}
