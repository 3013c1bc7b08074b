/** `keeper/keeper`: what its tools tell of a running application, and do with it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../src/core/mod.ts";
import { errorOf, func, HELLO, named, withRoot } from "./keeper_project.ts";

test("functions run as tasks, whose ends are known, and what was cut off is marked as such [keeper.scopes]", async () => {
  const slow = func("slow", 'require("time").sleep("1h")', { modules: ["time"] });
  const fails = func("fails", 'error(errors.new({ kind = errors.CONFLICT, message = "no" }))');
  await withRoot([HELLO, slow, fails], async (mcp, { until }) => {
    const start = async (name: string, ...given: string[]): Promise<string> => {
      const { id: started, status } = await mcp.fine("task_start", {
        function: `app:${name}`,
        arguments: given,
      });
      assert.equal(status, "running");
      return started as string;
    };
    const ended = async (task: string, status: string): Promise<ValueMap> => {
      await until(async () => (await mcp.fine("task_get", { id: task }))["status"] === status, status);
      return await mcp.fine("task_get", { id: task });
    };
    const done = await ended(await start("hello", "Ada"), "done");
    assert.deepEqual([done["result"], done["actor"], done["arguments"], done["function"]], [
      "hi Ada",
      "ada",
      ["Ada"],
      "app:hello",
    ]);
    assert.match((await ended(await start("fails"), "failed"))["error"] as string, /no/);
    assert.match((await ended(await start("nope"), "failed"))["error"] as string, /app:nope/);
    const canceled = await start("slow");
    await until(
      async () => !("error" in await mcp.call("task_cancel", { id: canceled })),
      "the task to be ended",
    );
    await ended(canceled, "canceled");
    assert.match(
      errorOf(await mcp.call("task_cancel", { id: canceled })),
      /^Conflict: the task does not run: it is canceled/,
    );
    assert.match(errorOf(await mcp.call("task_get", { id: "x" })), /^NotFound: there is no task x/);
    assert.deepEqual(named((await mcp.fine("task_list", { status: "failed" }))["tasks"], "function"), [
      "app:nope",
      "app:fails",
    ]);
    const id = await start("slow");
    const recovered = await mcp.fine("function_call", { function: "keeper.tools:task_recovery" });
    assert.deepEqual((recovered["result"] as ValueMap)["status"], "success");
    assert.equal((await mcp.fine("task_get", { id }))["status"], "interrupted");
  });
});

test("what is known of the application is written down, found and removed [keeper.scopes]", () =>
  withRoot([], async (mcp) => {
    const write = async (title: string, body: string, tags: string[] = []): Promise<string> =>
      (await mcp.fine("knowledge_write", { title, body, tags }))["id"] as string;
    const first = await write("Release", "Ship on fridays. " + "ä".repeat(300), ["process"]);
    const second = await write("Gateway", "The release runs behind it.");
    const found = await mcp.fine("knowledge_search", { query: "RELEASE" });
    assert.deepEqual(named(found["articles"]), [first, second]);
    const excerpt = (found["articles"] as ValueMap[])[0]!["excerpt"] as string;
    assert.match(excerpt, /^Ship on fridays\. ä+\.\.\.$/);
    assert.deepEqual(named((await mcp.fine("knowledge_search", { query: "process ship" }))["articles"]), [
      first,
    ]);
    assert.equal((await mcp.fine("knowledge_search", { query: "release nothing" }))["total"], 0);
    assert.equal((await mcp.fine("knowledge_search"))["total"], 2);
    await mcp.fine("knowledge_write", { id: first, title: "Releases", body: "Never." });
    const article = await mcp.fine("knowledge_read", { id: first });
    assert.deepEqual([article["title"], article["body"], article["tags"], article["author"]], [
      "Releases",
      "Never.",
      [],
      "ada",
    ]);
    await mcp.fine("knowledge_remove", { id: first });
    for (const tool of ["knowledge_read", "knowledge_remove"]) {
      assert.match(errorOf(await mcp.call(tool, { id: first })), /^NotFound: there is no article/);
    }
    assert.match(
      errorOf(await mcp.call("knowledge_write", { id: first, title: "x", body: "y" })),
      /^NotFound/,
    );
  }));

test("what runs, what is logged, what is set and what answers is told [keeper.scopes]", () =>
  withRoot([
    HELLO,
    func("say", 'require("logger"):warn("something odd", { n = 1 })', { modules: ["logger"] }),
    { name: "greeting", kind: "env.variable", storage: "envs", variable: "GREETING" },
    {
      name: "hello.endpoint",
      kind: "http.endpoint",
      meta: { router: "api" },
      method: "GET",
      path: "/hello",
      func: "hello",
    },
  ], async (mcp, { call, until }) => {
    const modules = named((await mcp.fine("modules_list"))["modules"], "module");
    assert.ok(modules.includes("keeper/keeper") && modules.includes("wippy/agent"));
    const services = (await mcp.fine("services_list"))["services"] as ValueMap[];
    assert.equal(services.find(({ id }) => id === "app:db")!["status"], "running");
    const { hosts } = await mcp.fine("processes_list", { host: "app:processes" });
    assert.deepEqual(named(hosts, "host"), ["app:processes"]);
    assert.ok(named((hosts as ValueMap[])[0]!["processes"], "source").includes("keeper:watch"));
    assert.ok(((await mcp.fine("machine_info"))["memory"] as ValueMap)["sys"] as number > 0);

    await call("app:say");
    const records = async (filter: Record<string, unknown>): Promise<ValueMap[]> =>
      (await mcp.fine("logs_read", filter))["records"] as ValueMap[];
    await until(async () => (await records({ text: "ODD" })).length === 1, "the record");
    const [record] = await records({ level: "warn", logger: "app:say" });
    assert.deepEqual([record!["message"], record!["level"], (record!["fields"] as ValueMap)["n"]], [
      "something odd",
      "warn",
      1,
    ]);
    assert.deepEqual(await records({ level: "error" }), []);

    await mcp.fine("env_set", { name: "GREETING", value: "hey" });
    assert.deepEqual((await mcp.fine("env_read", { name: "GREETING" }))["variables"], { GREETING: "hey" });
    assert.equal(((await mcp.fine("env_read"))["variables"] as ValueMap)["MCP_ENABLED"], "true");
    assert.match(errorOf(await mcp.call("env_read", { name: "NOPE" })), /^NotFound/);
    assert.match(errorOf(await mcp.call("env_set", { name: "NOPE", value: "" })), /NOPE/);

    assert.deepEqual(await mcp.fine("function_call", { function: "app:hello", arguments: ["Bo"] }), {
      result: "hi Bo",
    });
    assert.match(errorOf(await mcp.call("function_call", { function: "app:nope" })), /app:nope/);
    const routes = (await mcp.fine("routes_list"))["routes"] as ValueMap[];
    assert.deepEqual(routes.find(({ id }) => id === "app:hello.endpoint"), {
      id: "app:hello.endpoint",
      method: "GET",
      path: "/api/v1/hello",
      router: "app:api",
      function: "hello",
    });
    assert.match(errorOf(await mcp.call("hub_search", { query: "x" })), /^Unavailable/);
  }));

test("tests of the application are run, and what failed is told with its place [keeper.scopes]", async () => {
  const suite = func(
    "sums",
    `local t = require("test")
return t.run_cases(function()
  t.describe("sums", function()
    t.it("adds", function() t.eq(1 + 1, 2) end)
    t.it("fails", function() t.eq(1 + 1, 3) end)
  end)
end)(...)`,
    { meta: { type: "test" }, imports: { test: "wippy.test:test" } },
  );
  const simple = func("simple", "return true", { meta: { type: "test" } });
  await withRoot([
    { name: "dependency.test", kind: "ns.dependency", component: "wippy/test", version: "*" },
    suite,
    simple,
  ], async (mcp) => {
    const all = await mcp.fine("tests_run");
    assert.deepEqual([all["passed"], all["failed"], all["skipped"]], [2, 1, 0]);
    const [failure] = all["failures"] as ValueMap[];
    assert.deepEqual([failure!["id"], failure!["name"]], ["app:sums", "fails"]);
    assert.match(failure!["error"] as string, /expected 3, got 2/);
    const one = await mcp.fine("tests_run", { words: ["simple"] });
    assert.deepEqual([one["passed"], one["failed"]], [1, 0]);
    assert.equal((await mcp.fine("tests_run", { words: ["nothing"] }))["passed"], 0);
  });
  await withRoot([], async (mcp) => {
    assert.match(errorOf(await mcp.call("tests_run")), /^NotFound: the application has no wippy\/test/);
  });
});

test("agents of the application are asked, and call their tools [keeper.scopes]", () =>
  withRoot([
    {
      name: "helper",
      kind: "registry.entry",
      meta: { type: "agent.gen1", name: "helper", comment: "helps" },
      prompt: "Help.",
      model: "m",
      tools: ["app:weather"],
    },
    func("weather", "return { degrees = 20, city = (...).city }", {
      meta: { type: "tool", input_schema: { type: "object", properties: { city: { type: "string" } } } },
    }),
    {
      name: "model",
      kind: "registry.entry",
      meta: { type: "llm.model", name: "m" },
      providers: [{ id: "app:provider", provider_model: "real" }],
    },
    {
      name: "provider",
      kind: "registry.entry",
      meta: { type: "llm.provider", name: "p" },
      driver: { id: "app:driver" },
    },
    {
      name: "driver",
      kind: "contract.binding",
      contracts: [{ contract: "wippy.llm:generator", methods: { generate: "answer" } }],
    },
    func(
      "answer",
      `local request = ...
local last = request.messages[#request.messages]
if last.role == "user" then
  return { success = true, result = { content = "", tool_calls = { { id = "c1", name = "weather", arguments = { city = "Rome" } } } }, tokens = { total_tokens = 5 }, finish_reason = "tool_call" }
end
return { success = true, result = { content = "Told: " .. require("json").encode(last.content) }, tokens = { total_tokens = 7 }, finish_reason = "stop" }`,
      { modules: ["json"] },
    ),
  ], async (mcp) => {
    const { agents } = await mcp.fine("agent_list");
    assert.deepEqual(agents, [{
      id: "app:helper",
      name: "helper",
      comment: "helps",
      model: "m",
      tools: ["app:weather"],
    }]);
    const answer = await mcp.fine("agent_ask", { agent: "helper", message: "How is it?" });
    assert.match(answer["answer"] as string, /^Told: .*degrees.*20/);
    assert.match(answer["answer"] as string, /Rome/);
    assert.deepEqual([answer["called"], answer["tokens"]], [["weather"], 12]);
    assert.match(
      errorOf(await mcp.call("agent_ask", { agent: "nobody", message: "x" })),
      /^NotFound: .*nobody/,
    );
  }));

test("modules are put into a running application with their tables, and taken out again [keeper.install]", () =>
  withRoot([
    func(
      "count",
      `local sql = require("sql") local db = assert(sql.get("app:db")) local rows = assert(db:query("SELECT COUNT(*) AS n FROM token_usage")) db:release() return rows[1].n`,
      { modules: ["sql"] },
    ),
  ], async (mcp, { call, connect }) => {
    const install = { module: "wippy/usage", parameters: { target_db: "app:db" } };
    const installed = await mcp.fine("module_install", install);
    assert.equal(installed["declared_by"], "app:dependency.wippy.usage");
    assert.equal((installed["migrations"] as ValueMap)["status"], "success");
    assert.equal(await call("app:count"), 0);
    assert.equal(
      (await mcp.fine("registry_get", { id: "wippy.usage:token_usage_repo" }))["kind"],
      "library.lua",
    );
    const modules = named((await mcp.fine("modules_list"))["modules"], "module");
    assert.ok(modules.includes("wippy/usage"));
    assert.match(
      errorOf(await mcp.call("module_install", install)),
      /^Conflict: wippy\/usage is part of the application/,
    );
    assert.match(
      errorOf(await mcp.call("module_install", { module: "acme/nope" })),
      /^NotFound: .*acme\/nope, which is not there/,
    );
    assert.match(errorOf(await mcp.call("module_install", { module: "usage" })), /^Invalid: module_install/);

    const removed = await mcp.fine("module_remove", { module: "wippy/usage" });
    assert.deepEqual(removed["removed"], ["app:dependency.wippy.usage"]);
    assert.match(
      errorOf(await mcp.call("registry_get", { id: "wippy.usage:token_usage_repo" })),
      /^NotFound/,
    );
    // What another module needs is none of the application's own.
    assert.match(
      errorOf(await mcp.call("module_remove", { module: "wippy/llm" })),
      /^NotFound: no entry of the application declares/,
    );
    const looker = await connect({ scopes: ["hub.read"] });
    assert.deepEqual((await looker.fine("use_trait", { trait: "hub" }))["tools"], ["hub_search"]);
  }));
