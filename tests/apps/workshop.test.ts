/** A workshop whose application is looked at, mended and taken back while it runs, by a program that speaks MCP and in a browser. */
// services: chromium
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { connectClient, type McpClient } from "../framework/keeper_project.ts";
import { missing } from "../services.ts";
import { ask, type ProjectCopy, withProject } from "./application.ts";
import { withBrowser } from "./browser.ts";

const MANAGED = { env: { GOV_MANAGED_NAMESPACES: "app" } };

async function serve(project: ProjectCopy, env: Record<string, string> = MANAGED.env) {
  const application = await project.serveHttp("app:gateway", [], { env });
  await application.until(/boot sequence ended/);
  const post = (path: string, body: unknown, token?: string) =>
    ask(
      `${application.url}/api/v1${path}`,
      "POST",
      body,
      token === undefined ? {} : { authorization: `Bearer ${token}` },
    );
  const login = async (name: string, password: string): Promise<string> =>
    ((await post("/login", { name, password })).json as { token: string }).token;
  const price = async (minutes: number): Promise<unknown> =>
    ((await ask(`${application.url}/api/v1/price/${minutes}`)).json as { cents: number }).cents;
  const mint = async (token: string, preset: string): Promise<{ id: string; token: string }> =>
    ((await post("/keeper/mcp/tokens", { label: "agent", preset }, token)).json as {
      token: { id: string; token: string };
    }).token;
  const mcp = (token: string): Promise<McpClient> => connectClient(`${application.url}/keeper-mcp/`, token);
  return { application, post, login, price, mint, mcp };
}

test("a program mends a running application over MCP: it looks, changes, tests, writes it down and takes it back [j.mcp] [keeper.mcp] [keeper.managed] [keeper.token.revoke] [keeper.enabled]", () =>
  withProject("workshop", async (project) => {
    const added = await project.wippy("add", "keeper/keeper");
    assert.equal(added.code, 0, added.stderr);
    const installed = await project.wippy("install");
    assert.equal(installed.code, 0, installed.stderr);
    assert.match(readFileSync(join(project.folder, "wippy.lock"), "utf8"), /name: keeper\/keeper\n/);

    let running = await serve(project);
    assert.equal((await running.post("/keeper/mcp/tokens", { label: "x", preset: "root" })).status, 401);
    const bob = await running.login("bob", "shut");
    assert.equal((await running.post("/keeper/mcp/tokens", { label: "x", preset: "root" }, bob)).status, 403);
    const ann = await running.login("ann", "open");
    const { id, token } = await running.mint(ann, "developer");
    assert.match(token, /^wkmcp_[0-9a-f]{64}$/);
    await assert.rejects(running.mcp("wkmcp_" + "0".repeat(64)), /unknown, revoked or expired/);

    let agent = await running.mcp(token);
    assert.ok(!(await agent.tools()).includes("tests_run"));
    await agent.fine("set_traits", { traits: ["registry_editor", "tests", "state"] });
    assert.ok((await agent.tools()).includes("tests_run"));
    const before = await agent.fine("tests_run");
    assert.deepEqual([before["passed"], before["failed"]], [0, 1]);
    assert.match(JSON.stringify(before["failures"]), /expected 3000, got 6000.*app:price_test:6|price_test/);
    assert.equal(await running.price(20), 6000);

    const edited = await agent.fine("registry_edit_source", {
      id: "app:price",
      find: "math.ceil(minutes / 60) * PER_HOUR",
      replace: "math.ceil(minutes / 30) * PER_HOUR // 2",
    });
    assert.equal(await running.price(20), 3000);
    assert.deepEqual((await agent.fine("tests_run"))["failed"], 0);
    assert.deepEqual((await agent.fine("state_push"))["files"], ["/app/src/price.lua"]);
    assert.match(readFileSync(join(project.folder, "app/src/price.lua"), "utf8"), /minutes \/ 30/);
    await agent.close();
    assert.equal((await running.application.stop()).code, 0);

    // Tokens outlive the program, sessions do not; what was written to files is what the next start runs.
    running = await serve(project);
    assert.equal(await running.price(20), 3000);
    agent = await running.mcp(token);
    const broken = await agent.fine("registry_edit_source", {
      id: "app:price",
      find: "// 2",
      replace: "// 0",
    });
    await agent.fine("registry_rollback", { version: broken["previous"] });
    assert.equal(await running.price(20), 3000);
    assert.ok((edited["version"] as number) > 0);

    const again = await running.login("ann", "open");
    assert.equal((await running.post("/keeper/mcp/tokens/revoke", { id }, again)).status, 200);
    await assert.rejects(agent.call("session_info"), /unknown, revoked or expired/);
    await running.application.stop();

    const closed = await serve(project, { MCP_ENABLED: "false" });
    assert.equal((await ask(`${closed.application.url}/keeper-mcp/`, "POST")).status, 404);
    await closed.application.stop();
  }));

test("administrators look at the application in a browser, change it, and hand out tokens [keeper.ui]", {
  skip: missing("chromium"),
}, () =>
  withProject("workshop", async (project) => {
    const { application, login, price } = await serve(project);
    await withBrowser(async (browser) => {
      const has = (text: string) =>
        browser.until(`document.querySelector("main").innerText.includes(${JSON.stringify(text)})`);
      const press = (text: string) =>
        browser.evaluate(
          `[...document.querySelectorAll("button")].find((each) => each.textContent === ${
            JSON.stringify(text)
          }).click()`,
        );
      const go = (section: string) => browser.evaluate(`location.hash = ${JSON.stringify(section)}`);

      // Without a token of the application there is nothing to see.
      await browser.open(`${application.url}/app/keeper`);
      await has("This page is for administrators");
      await browser.evaluate(
        `document.querySelector("input[name=token]").value = ${JSON.stringify(await login("bob", "shut"))}`,
      );
      await press("Use it");
      await browser.until(
        `document.querySelector("#notice").textContent.includes("only administrators may do that: bob")`,
      );

      // Whoever has logged in to the application has a cookie, and needs no more.
      await browser.evaluate(`sessionStorage.clear()`);
      await browser.evaluate(
        `fetch("/api/v1/login", { method: "POST", body: '{"name": "ann", "password": "open"}' }).then((answer) => answer.status)`,
      );
      await browser.open(`${application.url}/app/keeper`);
      await has("app:price");
      await go("entry/app%3Aprice");
      await browser.until(`document.querySelector("textarea")?.value.includes("PER_HOUR = 6000")`);
      await browser.evaluate(
        `document.querySelector("textarea").value = document.querySelector("textarea").value.replace("6000", "7000")`,
      );
      await press("Save as a new version");
      await browser.until(`/Version \\d+ is live/.test(document.querySelector("#notice").textContent)`);
      assert.equal(await price(60), 7000);

      await go("history");
      await has("update app:price");
      await go("files");
      await has("app:price\tchanged");
      await press("Write all to files");
      await has("Files and entries are the same.");
      assert.match(readFileSync(join(project.folder, "app/src/price.lua"), "utf8"), /7000/);
      await go("services");
      await has("app:gateway\trunning");
      await go("processes");
      await has("keeper:watch");
      await go("logs");
      await has("Logger");
      await go("tasks");
      await has("Nothing was started.");
      await browser.evaluate(
        `document.querySelector("input[name=function]").value = "app:price"; document.querySelector("input[name=list]").value = "[90]"`,
      );
      await press("Start");
      await has("14000");

      await go("tokens");
      await has("There is no token.");
      await browser.evaluate(`document.querySelector("input[name=label]").value = "<b>agent</b>"`);
      await press("Create");
      await browser.until(`/^wkmcp_[0-9a-f]{64}$/.test(document.querySelector("#token")?.textContent)`);
      await has("<b>agent</b>");
      const token = await browser.evaluate(`document.querySelector("#token").textContent`) as string;
      const agent = await connectClient(`${application.url}/keeper-mcp/`, token);
      await agent.fine("session_info");
      await press("Revoke");
      await has("revoked");
      await assert.rejects(agent.call("session_info"), /revoked/);
      await agent.close();
    });
    await application.stop();
  }));
