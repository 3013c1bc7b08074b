/** Ten thousand processes at once. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withProject } from "./application.ts";

test("ten thousand processes start, report, tick, and leave when told [j.process] [j.env]", async () => {
  await withProject("swarm", async (project) => {
    for (const [size, env] of [[10_000, {}], [100, { SWARM_SIZE: "100" }]] as const) {
      const application = await project.serve([], { env });
      await application.until(/all have left/);
      const { code, log } = await application.stop();
      assert.equal(code, 0);
      const fieldsOf = (message: string) => log.find((line) => line.message === message)!.fields;
      assert.deepEqual([fieldsOf("all are alive").size, fieldsOf("all are alive").sum], [
        size,
        size * (size + 1) / 2,
      ]);
      const { ended, failed, rest } = fieldsOf("all have left");
      assert.deepEqual([ended, failed, rest], [size, 0, 0]);
    }
  });
});
