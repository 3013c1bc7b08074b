/** A flow that waits for people, in a program that is killed and stopped meanwhile. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type ProjectCopy, type RunningApplication, withProject } from "./application.ts";

interface Status {
  readonly status: string;
  readonly output: unknown;
  readonly nodes: Record<string, string>;
}

/** Runs a verb of the desk, in the running application or without one. */
async function desk<T>(project: ProjectCopy, isRunning: boolean, ...words: string[]): Promise<T> {
  const how = isRunning ? ["--connect"] : [];
  const { code, stdout, stderr } = await project.wippy("call", "app:call", ...words, "--json", ...how);
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout) as T;
}

async function statusUntil(
  project: ProjectCopy,
  id: string,
  accept: (status: Status) => boolean,
): Promise<Status> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const status = await desk<Status>(project, true, "status", id);
    if (accept(status)) return status;
  }
  throw new Error("the flow never came so far");
}

async function kill(application: RunningApplication): Promise<void> {
  application.command.signal("SIGKILL");
  assert.equal((await application.command.ended).signal, "SIGKILL");
}

const BOOTED = /boot sequence ended/;

async function serve(project: ProjectCopy): Promise<RunningApplication> {
  const application = await project.serve();
  await application.until(BOOTED);
  return application;
}

test("signals are waited for over ends of the program, and each step is done once [j.dataflow] [dataflow.signal.recover] [dataflow.params]", async () => {
  await withProject("approvals", async (project) => {
    let application = await serve(project);
    const id = await desk<string>(project, true, "start", "hello");
    await statusUntil(project, id, ({ nodes }) => nodes["n2"] === "paused" && nodes["n3"] === "paused");
    await kill(application);

    // A word that comes while nobody runs is kept.
    assert.equal(await desk(project, false, "signal", id, "legal_ok", "true"), true);
    application = await serve(project);
    const half = await statusUntil(project, id, ({ nodes }) => nodes["n2"] === "completed");
    assert.deepEqual([half.status, half.nodes["n3"]], ["running", "paused"]);
    const { code } = await application.stop();
    assert.equal(code, 0);

    application = await serve(project);
    await desk(project, true, "signal", id, "finance_ok", '{"amount": 5}');
    const done = await statusUntil(project, id, ({ status }) => status !== "running");
    assert.deepEqual([done.status, done.output], ["completed", { released: true, amount: 5 }]);
    assert.deepEqual(await desk(project, true, "runs"), ["draft as ann", "release as ann"]);
    await application.stop();
  });
});

for (const way of ["killed", "stopped"] as const) {
  test(`what was begun without an answer when the program was ${way} is begun again, as whoever started it [dataflow.signal.recover]`, async () => {
    await withProject("approvals", async (project) => {
      let application = await serve(project);
      const id = await desk<string>(project, true, "start", "hello", "true");
      await desk(project, true, "signal", id, "legal_ok", "true");
      await desk(project, true, "signal", id, "finance_ok", '{"amount": 5}');
      await statusUntil(project, id, ({ nodes }) => nodes["n5/call"] === "running");
      for (let attempt = 0; (await desk<string[]>(project, true, "runs")).length < 2; attempt++) {
        assert.ok(attempt < 200, "the step never began");
      }
      if (way === "killed") await kill(application);
      else assert.equal((await application.stop()).code, 0);
      application = await serve(project);
      const done = await statusUntil(project, id, ({ status }) => status !== "running");
      assert.deepEqual([done.status, done.output], ["completed", "stood up"]);
      assert.deepEqual(await desk(project, true, "runs"), [
        "draft as ann",
        "fall_over as ann",
        "fall_over as ann",
      ]);
      await application.stop();
    });
  });
}
