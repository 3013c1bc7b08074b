/** An application that mounts a module from a folder and fills what it requires. */
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ask, withProject } from "./application.ts";

test("a module is mounted, its requirements are filled by parameters and defaults [j.modules] [j.http]", async () => {
  await withProject("bricks", async (project) => {
    const list = JSON.parse((await project.wippy("registry", "list", "--json", "--ns", "acme.clock")).stdout);
    const endpoint = list.find(({ id }: { id: string }) => id === "acme.clock:tell.get");
    assert.equal(endpoint.meta.router, "app:api");
    assert.equal(endpoint.meta.module, "acme/clock");

    const application = await project.serveHttp("app:gateway");
    const { status, json } = await ask(`${application.url}/api/time?hour=9`);
    assert.deepEqual([status, json], [200, {
      text: "The bell strikes 09 o'clock",
      tags: ["clock", "punctual"],
    }]);
    assert.equal((await application.stop()).code, 0);
  });
});

test("a module that is not there is named with who needs it and the way out [j.modules]", async () => {
  await withProject("bricks", async (project) => {
    writeFileSync(join(project.folder, ".wippy.yaml"), 'version: "1.0"\n');
    const { code, stdout, stderr } = await project.wippy("run");
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(
      stderr,
      /^error \(NotFound\): src\/_index\.yaml:15: app:clock needs module acme\/clock, which is not there; .*workspace\.replacements/,
    );
    rmSync(join(project.folder, "modules"), { recursive: true });
    const replaced = ["--set", "workspace.replacements.acme/clock=./modules/clock"];
    assert.match(
      (await project.wippy("run", ...replaced)).stderr,
      /workspace\.replacements\.acme\/clock: \.\/modules\/clock is no directory \(--set /,
    );
  });
});
