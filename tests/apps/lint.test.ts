/** The applications here are free of findings: what people write in good order the linter leaves alone. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { withFiles, withProject } from "./application.ts";

const PROJECTS = readdirSync(fileURLToPath(new URL(".", import.meta.url)), { withFileTypes: true })
  .filter((item) => item.isDirectory()).map(({ name }) => name).sort();

test("there are applications to lint", () => {
  assert.ok(PROJECTS.length > 15);
});

for (const name of PROJECTS) {
  test(`lint and fmt find nothing in ${name} [cli.lint]`, async () => {
    await withProject(name, async (project) => {
      const { code, stdout } = await project.wippy("lint", "--json");
      const { diagnostics } = JSON.parse(stdout);
      assert.deepEqual([code, diagnostics], [0, []]);
      assert.equal((await project.wippy("fmt", "--check")).code, 0);
    });
  });
}

/** A project that has every module of the program. */
const EVERY_MODULE = `version: "1.0"
namespace: app
entries:
  - { name: processes, kind: process.host }
  - { name: migration, kind: ns.dependency, component: wippy/migration, version: "*" }
  - { name: security, kind: ns.dependency, component: wippy/security, version: "*" }
  - { name: test, kind: ns.dependency, component: wippy/test, version: "*" }
  - name: relay
    kind: ns.dependency
    component: wippy/relay
    version: "*"
    parameters:
      - { name: application_host, value: app:processes }
      - { name: user_security_scope, value: wippy.security:process }
`;

test("lint and fmt find nothing in the modules that come with the program", async () => {
  await withFiles({ "src/_index.yaml": EVERY_MODULE }, async (project) => {
    const { code, stdout } = await project.wippy("lint", "--rules", "--json", "--ns", "wippy.*");
    const { diagnostics, total_entries } = JSON.parse(stdout);
    assert.deepEqual([code, diagnostics], [0, []]);
    assert.ok(total_entries >= 18, stdout);
    const framework = fileURLToPath(new URL("../../src/framework", import.meta.url));
    assert.equal((await project.wippy("fmt", "--check", framework)).code, 0);
  });
});
