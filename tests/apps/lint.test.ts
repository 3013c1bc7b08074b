/** The applications here are free of findings: what people write in good order the linter leaves alone. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { withProject } from "./application.ts";

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
