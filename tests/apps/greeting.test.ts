/** The smallest web application. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, withProject } from "./application.ts";

test("a project without a lock file is loaded, served and stopped [j.load] [j.http]", async () => {
  await withProject("greeting", async (project) => {
    const application = await project.serveHttp("app:front");
    const { status, type, json } = await ask(`${application.url}/greet/Ada`);
    assert.deepEqual([status, type, json], [200, "application/json", { greeting: "Good day, Ada." }]);
    assert.equal((await ask(`${application.url}/nowhere`)).status, 404);
    assert.equal((await ask(`${application.url}/greet/Ada`, "DELETE")).status, 405);
    const { code, log } = await application.stop();
    assert.equal(code, 0);
    assert.deepEqual(
      log.map(({ level, logger, message }) => [level, logger, message]),
      [
        ["info", "core", "service app:front is running"],
        ["info", "run", "runtime ready"],
        ["info", "run", "stopping"],
        ["info", "core", "service app:front is stopped"],
      ],
    );
  });
});

test("init writes the lock file beside sources that are there, and they run from it [j.load] [j.cli]", async () => {
  await withProject("greeting", async (project) => {
    const init = await project.wippy("init");
    assert.deepEqual([init.code, init.stderr], [0, ""]);
    const application = await project.serveHttp("app:front", ["-l", "wippy.lock"]);
    assert.equal((await ask(`${application.url}/greet/Bob`)).json.greeting, "Good day, Bob.");
    assert.equal((await application.stop()).code, 0);
  });
});
