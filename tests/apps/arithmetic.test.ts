/** A library, its tests in cases, and the command that runs them. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { withProject } from "./application.ts";

/** Output with its times taken out. */
const timeless = (text: string): string => text.replaceAll(/ +\d+ms$/gm, "  T");

test("cases are told one by one, skipped ones as well, and chosen by a part of their id [j.test] [j.modules]", async () => {
  await withProject("arithmetic", async (project) => {
    const all = await project.wippy("test");
    assert.deepEqual([all.code, all.stderr], [0, ""]);
    const fractions = `fractions (4)  3/4  1 skipped  T
    o are prepared once, and before each
    o are added
    o are not divided by zero
    - are simplified (skipped)
`;
    assert.ok(timeless(all.stdout).includes(fractions), all.stdout);
    assert.match(all.stdout, /others \(1\) {2}1\/1 /);
    assert.match(all.stdout, /PASSED {3}4 tests {3}1 skipped {3}\d+ms\n$/);

    const one = await project.wippy("test", "fraction_test");
    assert.equal(one.code, 0);
    assert.doesNotMatch(one.stdout, /others/);
    assert.match(one.stdout, /PASSED {3}3 tests {3}1 skipped {3}\d+ms\n$/);
  });
});

test("a case that fails says why and where, and makes the run fail [j.test]", async () => {
  await withProject("arithmetic", async (project) => {
    const source = join(project.folder, "src/fraction.lua");
    writeFileSync(source, readFileSync(source, "utf8").replace("return a + b", "return a - b"));
    const { code, stdout } = await project.wippy("test");
    assert.equal(code, 1);
    assert.match(stdout, /^ *x are added\n.*(-1.*5|5.*-1)/m);
    assert.match(stdout, /fraction_test(\.lua)?:\d+/);
    assert.match(stdout, /FAILED/);
  });
});
