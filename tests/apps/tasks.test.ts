/** REST, a queue, workers and a database. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ask, askUntil, withProject } from "./application.ts";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test("tasks that come over HTTP are queued, worked on and stored [j.http] [j.queue] [j.sql] [j.service]", async () => {
  await withProject("tasks", async (project) => {
    const application = await project.serveHttp("app:gateway");
    const tasks = `${application.url}/tasks`;
    await application.until(/schema is ready/);
    const ids = new Map<string, string>();
    for (
      const [action, data] of [
        ["uppercase", { text: "hello world" }],
        ["sum", { numbers: [1, 2, 3, 4, 5] }],
        ["other", undefined],
        ["flaky", {}],
      ] as const
    ) {
      const { status, json } = await ask(tasks, "POST", { action, data });
      assert.deepEqual([status, json.status], [202, "queued"]);
      assert.match(json.id, UUID);
      ids.set(json.id, action);
    }
    for (const [body, error] of [["{}", "action required"], ["{no", "invalid JSON"]]) {
      const { status, json } = await ask(tasks, "POST", body);
      assert.deepEqual([status, json], [400, { error }]);
    }

    const { json } = await askUntil(`${tasks}?status=completed`, (answer) => answer.json?.count === 4);
    const results = json.tasks.map((task: Record<string, unknown>) => {
      assert.equal(ids.get(String(task.id)), task.action);
      return [task.action, task.result, task.attempts];
    });
    assert.deepEqual(results.toSorted(), [
      ["flaky", '{"output":"at last"}', 2],
      ["other", '{"output":"processed"}', 1],
      ["sum", '{"output":15}', 1],
      ["uppercase", '{"output":"HELLO WORLD"}', 1],
    ]);
    assert.deepEqual((await ask(`${tasks}?status=running`)).json, { tasks: [], count: 0 });

    const { code, log } = await application.stop();
    assert.equal(code, 0);
    // A service whose process returns 0 is done and not started again.
    assert.equal(log.filter(({ message }) => message === "schema is ready").length, 1);
  });
});

test("what the database holds is there after a restart [j.sql]", async () => {
  await withProject("tasks", async (project) => {
    const first = await project.serveHttp("app:gateway");
    await first.until(/schema is ready/);
    await ask(`${first.url}/tasks`, "POST", { action: "uppercase", data: { text: "kept" } });
    await askUntil(`${first.url}/tasks`, (answer) => answer.json?.tasks[0]?.status === "completed");
    assert.equal((await first.stop()).code, 0);
    assert.ok(existsSync(join(project.folder, "data/tasks.db")));

    const second = await project.serveHttp("app:gateway");
    const { json } = await ask(`${second.url}/tasks`);
    assert.deepEqual([json.count, json.tasks[0].result], [1, '{"output":"KEPT"}']);
    assert.equal((await second.stop()).code, 0);
  });
});
