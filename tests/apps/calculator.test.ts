/** A library and its tests, from an empty lock file to a failure that is told. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { withProject } from "./application.ts";

const PASSED = [
  "  calculator (4)  3/4  1 skipped  <n>ms",
  "    o is prepared",
  "    o adds",
  "    o does not divide by zero",
  "    - multiplies (skipped)",
  "",
  "  PASSED   3 tests   1 skipped   <n>ms",
  "",
].join("\n");

test("modules are added, installed and used by tests that pass, then fail [j.test] [j.modules]", async () => {
  await withProject("calculator", async (project) => {
    const fine = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await project.wippy(...args);
      assert.deepEqual([code, stderr], [0, ""], args.join(" "));
      return stdout.replaceAll(/\d+ms/g, "<n>ms");
    };
    await fine("init");
    assert.match(await fine("add", "wippy/test"), /^added wippy\/test v\d/m);
    await fine("add", "wippy/terminal");
    assert.match(await fine("install"), /^wippy\/test v.*comes with the program/m);
    assert.equal(await fine("test"), PASSED);
    assert.equal(await fine("test", "calc_test"), PASSED);

    const path = join(project.folder, "src/calc.lua");
    writeFileSync(path, readFileSync(path, "utf8").replace("a + b", "a - b"));
    const { code, stdout } = await project.wippy("test");
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^ {4}x adds\n {8}assertion failed: expected 5, got -1\n {8}at src\/calc_test\.lua:12\n/m,
    );
    assert.match(stdout, /^ {2}FAILED {3}3 tests {3}1 failed {3}1 skipped {3}\d+ms\n$/m);
  });
});
