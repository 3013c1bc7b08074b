/** The event bus between services that do not know each other. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { withProject } from "./application.ts";

test("events reach who subscribed to their system and kind, in order; a publisher ends, readers stay [j.events] [j.service]", async () => {
  await withProject("newsroom", async (project) => {
    const application = await project.serve();
    await application.until(/press is closed/);
    await application.until(/service app:press\.service is exited/);
    const { code, log } = await application.stop();
    assert.equal(code, 0);
    const archived = log.filter(({ message }) => message === "archived");
    assert.deepEqual(archived.map(({ fields }) => [fields.kind, fields.path, fields.title]), [
      ["story.written", "/stories/1", "number 1"],
      ["story.written", "/stories/2", "number 2"],
      ["story.corrected", "/stories/3", "number 3"],
    ]);
    const { pid: _pid, location: _location, ...counts } = log.find(({ message }) =>
      message === "final counts"
    )!.fields;
    assert.deepEqual(counts, { "story.written": 2, "story.corrected": 1, weather: 1, "press.closed": 1 });
  });
});
