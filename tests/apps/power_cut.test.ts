/** A program that is killed loses nothing that it said was done. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { logLines, type ProjectCopy, withProject } from "./application.ts";

const ASIDE = ["-o", "app:writer.service:lifecycle.auto_start=false"];

/** Numbers of the entries on one side of the ledger. */
async function sideOf(project: ProjectCopy, side: string): Promise<number[]> {
  const { stdout } = await project.wippy("registry", "list", "--connect", "--json", "--name", `${side}.*`);
  return (JSON.parse(stdout) as { meta: { number: number } }[]).map(({ meta }) => meta.number).sort((a, b) =>
    a - b
  );
}

test("after kill -9 between two versions the newest complete one is there [j.registry]", async () => {
  await withProject("ledger", async (project) => {
    let floor = 0;
    for (let round = 1; round <= 3; round++) {
      const application = await project.serve();
      await application.until(new RegExp(`written.*"version": (${floor + 5})\\b`));
      application.command.signal("SIGKILL");
      const { signal, stderr } = await application.command.ended;
      assert.equal(signal, "SIGKILL");
      const written = logLines(stderr).filter(({ message }) => message === "written");
      const said = Math.max(...written.map(({ fields }) => Number(fields.version)));

      // The files say the same as before, with the writer put aside: that change is a version of its own.
      const after = await project.serve(ASIDE);
      const history = JSON.parse(
        (await project.wippy("registry", "history", "--json", "--limit", "0")).stdout,
      );
      const ids = history.map(({ version }: { version: string }) => Number(version.slice(1)));
      const current = Math.max(...ids);
      assert.ok(current > said, `v${said} was said to be written, v${current} is there`);
      assert.deepEqual(
        ids.toSorted((a: number, b: number) => a - b),
        Array.from({ length: current + 1 }, (_, i) => i),
      );
      const debit = await sideOf(project, "debit");
      assert.deepEqual(await sideOf(project, "credit"), debit);
      assert.ok(debit.includes(said));
      assert.equal((await after.stop()).code, 0);
      floor = current + 1;
    }
  });
});
