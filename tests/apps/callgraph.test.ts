/** Sources read as syntax trees, and a page made from templates. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, withProject } from "./application.ts";

test("the calls of sources in two languages are found and drawn [j.ts] [j.http] [j.registry]", async () => {
  await withProject("callgraph", async (project) => {
    const application = await project.serveHttp("app:gateway");
    const get = (path: string) => ask(`${application.url}${path}`);

    const page = await get("/");
    assert.deepEqual([page.status, page.type], [200, "text/html; charset=utf-8"]);
    assert.match(page.text, /<title>Calls &lt;of&gt; code<\/title>/);
    assert.match(
      page.text,
      /<select><option value="php">A shop in PHP<\/option><option value="python">A pipe in Python<\/option><\/select>/,
    );

    assert.deepEqual((await get("/files?language=python")).json, {
      language: "python",
      files: ["pipe.py", "tools/text.py"],
      count: 2,
    });
    const php = await get("/calls?language=php");
    assert.equal(php.type, "text/vnd.graphviz");
    assert.equal(
      php.text,
      `digraph calls {
  subgraph cluster_1 { label="shop.php";
    "order";
    "check";
    "price";
  }
  "order" -> "check";
  "order" -> "price";
}
`,
    );
    const arrows = (await get("/calls?language=python")).text.match(/".*" -> ".*"/g);
    assert.deepEqual(arrows, [
      '"run" -> "clean"',
      '"run" -> "keep"',
      '"clean" -> "strip"',
      '"strip" -> "strip"',
    ]);

    for (const path of ["/files", "/calls"]) {
      const none = await get(path);
      assert.deepEqual([none.status, none.json], [400, { error: "language required" }]);
      const unknown = await get(`${path}?language=cobol`);
      assert.deepEqual([unknown.status, unknown.json], [404, { error: "no samples in cobol" }]);
    }
    assert.equal((await application.stop()).code, 0);
  });
});
