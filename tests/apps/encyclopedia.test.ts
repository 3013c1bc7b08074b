/** Texts that are found by what they mean, and answers made from them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, withProject } from "./application.ts";

test("articles are taken in by a script, and questions are answered from them [j.vector] [j.llm]", async () => {
  await withProject("encyclopedia", async (project) => {
    const application = await project.serveHttp("app:gateway");
    await application.until(/boot sequence ended/);
    const ingest = async (name: string): Promise<number> => {
      const { code, stdout, stderr } = await project.wippy("call", "app:ingest", name, "--connect");
      assert.equal(code, 0, stderr);
      return Number(stdout);
    };
    assert.ok(await ingest("tides") >= 2);
    assert.ok(await ingest("bread") >= 1);
    // Once more: in place of what was there.
    const chunks = await ingest("tides");

    const answer = await ask(`${application.url}/api/ask`, "POST", {
      question: "When do spring tides come in a lunar month?",
    });
    assert.equal(answer.status, 200);
    assert.match(answer.json.answer, /^I was told: \[tides\] .*Spring tides come twice/s);
    assert.equal(answer.json.sources.length, 2);
    assert.equal(answer.json.sources[0].origin_id, "tides");
    const contexts = answer.json.sources.map(({ context_id }: { context_id: string }) => Number(context_id));
    assert.ok(contexts.every((context: number) => context <= chunks));
    const bread = await ask(`${application.url}/api/ask`, "POST", {
      question: "Does yeast make dough rise?",
    });
    assert.match(bread.json.answer, /^I was told: \[bread\]/);
    assert.deepEqual((await ask(`${application.url}/api/ask`, "POST", {})).json, {
      error: "question is required",
    });
    const { code } = await project.wippy("call", "app:ingest", "nowhere", "--connect");
    assert.equal(code, 1);
    assert.equal((await application.stop()).code, 0);

    // What is kept is there at the next start, and without one.
    const { stdout } = await project.wippy("call", "app:answer", "yeast and dough", "--json");
    assert.equal(JSON.parse(stdout).sources[0].origin_id, "bread");
  });
});
