/** A process that keeps others alive, and processes that fall together. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ProjectCopy, withProject } from "./application.ts";

async function call(project: ProjectCopy, ...args: string[]): Promise<unknown> {
  const { code, stdout, stderr } = await project.wippy("call", "--connect", ...args);
  assert.deepEqual([code, stderr], [0, ""]);
  return stdout.trim() === "" ? undefined : JSON.parse(stdout);
}

test("a worker that is ended by force comes back, one that is cancelled does not [j.service] [j.process]", async () => {
  await withProject("pool", async (project) => {
    const application = await project.serve();
    await application.until(/pool is full/);
    const ended = await call(project, "app.manager:end_worker", "2", "terminate");
    await application.until(/worker ended.*"number": 2.*\n(.*\n)*?.*worker started.*"number": 2/);
    await call(project, "app.manager:end_worker", "3", "cancel");
    await application.until(/worker ended.*"number": 3/);

    const ps = JSON.parse((await project.wippy("ps", "--json")).stdout);
    const workers = ps.filter(({ entry }: { entry: string }) => entry === "app.workers:worker");
    assert.equal(workers.length, 3);
    assert.ok(!workers.some(({ pid }: { pid: string }) => pid === ended));

    const { code, log } = await application.stop();
    assert.equal(code, 0);
    const of = (message: string) => log.filter((line) => line.message === message);
    assert.deepEqual(of("worker started").map(({ fields }) => fields.number), [1, 2, 3, 4, 2]);
    const [killed, cancelled] = of("worker ended").map(({ fields }) => fields);
    assert.deepEqual([killed?.number, killed?.error], [2, "process terminated"]);
    assert.deepEqual([cancelled?.number, cancelled?.value, cancelled?.error], [3, "cancelled", undefined]);
  });
});

test("linked processes fall together when one of them raises [j.process]", async () => {
  await withProject("pool", async (project) => {
    const application = await project.serve();
    await call(project, "app.manager:make_chain", "9");
    await application.until(/chain is complete/);
    assert.equal(await call(project, "app.manager:links", "9"), 10);
    await call(project, "app.manager:tear_chain", "5");
    let left: unknown;
    for (let attempt = 0; attempt < 20 && left !== 0; attempt++) {
      left = await call(project, "app.manager:links", "9");
    }
    assert.equal(left, 0);
    assert.equal((await application.stop()).code, 0);
  });
});
