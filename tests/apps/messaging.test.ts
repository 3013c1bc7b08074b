/** Processes: spawning, messages, watching, linking, names. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withProject } from "./application.ts";

test("processes talk, watch, link, end and are found by name [j.process]", async () => {
  await withProject("messaging", async (project) => {
    const { code, stdout, stderr } = await project.wippy("run", "-x", "app:tour");
    assert.deepEqual([code, stderr], [0, ""]);
    assert.deepEqual(stdout.trimEnd().split("\n"), [
      "unknown:\tnil\tNotFound",
      "pid:\tstring\t{app:processes|0x}",
      "value:\t1",
      "message:\ttrue\twrapped\ttext",
      "inbox:\tother\trest",
      "exit:\ttrue\tvalue stopped",
      "failed:\ttrue\terror app:failing:24: broken on purpose",
      "cancelled:\tvalue cancelled",
      "terminated:\terror process terminated",
      "linked:\terror linked process failed",
      "trapping:\tvalue pid.link.down: app:failing:24: broken on purpose",
      "name:\ttrue",
      "no name:\tnil\ttrue",
      "pool:\t20 40 60 80 100",
    ]);
  });
});
