/** The registry as the program sees and changes it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withProject } from "./application.ts";

test("entries are found, made, changed, refused and rolled back while the program runs [j.registry]", async () => {
  await withProject("catalogue", async (project) => {
    const { code, stdout, stderr } = await project.wippy("run", "-x", "app:tour");
    assert.deepEqual([code, stderr], [0, ""]);
    assert.deepEqual(stdout.trimEnd().split("\n"), [
      "v0: Ruler, Scale",
      "registry.entry\t30\tmetre",
      "v1: Level, Ruler, Scale",
      "v2: Level, Ruler",
      "first",
      "second",
      "nil\ttrue\ttrue\tnil\tentry not found: app:bad",
      "v1: Level, Ruler, Scale",
      "NotFound",
      "4",
    ]);
  });
});

test("a scheduler finds its jobs in the registry; what it spawned is cancelled when the program stops [j.registry] [j.service] [j.channel]", async () => {
  await withProject("catalogue", async (project) => {
    const application = await project.serve(["-o", "app:scheduler.service:lifecycle.auto_start=true"]);
    await application.until(/first run.*"app:job\.count"/);
    await application.until(/first run.*"app:job\.name"/);
    const { code, log } = await application.stop();
    assert.equal(code, 0);
    const of = (message: string) =>
      log.filter((line) => line.message === message).map(({ fields }) => fields);
    assert.deepEqual(of("jobs found").map(({ count }) => count), [2]);
    assert.deepEqual(of("first run").map(({ result }) => result).toSorted(), [1, "job"]);
    assert.equal(of("scheduler stops").length, 1);
    const stopped = of("runner stops");
    assert.deepEqual(stopped.map(({ job }) => job).toSorted(), ["app:job.count", "app:job.name"]);
    assert.ok(stopped.every(({ runs }) => Number(runs) >= 1));
  });
});
