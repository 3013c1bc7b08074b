/** Workflows behind HTTP handlers, and what services and supervisors have to do with them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { handler, portOf, router, server } from "../kinds/http/gateway.ts";
import { inFolder, lua, noted, notesOf, withWorker } from "./worker.ts";

test("a handler answers 202 with the workflow, and 409 when it runs already [workflow.http.conflict]", () =>
  inFolder((folder) =>
    withWorker(folder, [
      server(),
      router("api", "/"),
      ...handler(
        "order",
        "/orders",
        `local order = json.decode(req:body())
local spawner = process
  .with_context({ request_id = req:header("X-Request-ID") })
  :with_options({
    ["temporal.workflow.id"] = "order-" .. order.id,
    ["temporal.workflow.id_conflict_policy"] = "fail",
  })
local pid, err = spawner:spawn("app:order_workflow", "app:worker", order)
if err then
  res:set_status(409)
  return res:write_json({ error = tostring(err) })
end
res:set_status(202)
return res:write_json({ workflow_id = tostring(pid), status = "started" })`,
        { method: "POST", modules: ["json"] },
      ),
      lua(
        "workflow.lua",
        "order_workflow",
        `local order = ...
funcs.call("app:note", "order " .. order.id .. " of " .. ctx.get("request_id"))
process.listen("done"):receive()`,
        ["funcs", "ctx"],
      ),
    ], async (app) => {
      const post = async (id: number): Promise<{ status: number; body: Record<string, string> }> => {
        const response = await fetch(`http://127.0.0.1:${portOf(app)}/orders`, {
          method: "POST",
          headers: { "X-Request-ID": `request-${id}` },
          body: JSON.stringify({ id }),
        });
        return { status: response.status, body: await response.json() as Record<string, string> };
      };
      const first = await post(7);
      assert.equal(first.status, 202);
      assert.equal(first.body["status"], "started");
      const again = await post(7);
      assert.equal(again.status, 409);
      assert.match(again.body["error"]!, /workflow already started: order-7/);
      assert.equal((await post(8)).status, 202);
      await noted(app, "order 7 of request-7", "order 8 of request-8");
      await app.call("app:send", first.body["workflow_id"]!, "done");
      await app.until(async () => (await post(7)).status === 202, "the end of the first");
    })
  ));

test("supervisors restart no workflow: one that fails has failed, one whose worker restarts goes on [workflow.supervision]", () =>
  inFolder((folder) =>
    withWorker(folder, [
      {
        name: "supervised",
        kind: "process.service",
        process: "app:lasting",
        host: "app:worker",
        lifecycle: { auto_start: false },
      },
      lua("workflow.lua", "failing", `funcs.call("app:note", "tried") error("no way")`, ["funcs"]),
      lua(
        "workflow.lua",
        "lasting",
        `funcs.call("app:note", "begun")
process.listen("go"):receive()
funcs.call("app:note", "done")
return "fine"`,
        ["funcs"],
      ),
      lua(
        "process.lua",
        "waiter",
        `local lasting = ...
local events = process.events()
local failing = assert(process.spawn_monitored("app:failing", "app:worker"))
local failure = events:receive().result.error
assert(process.monitor(lasting))
process.registry.register("waiter")
process.inbox():receive()
process.send(lasting, "go")
return { failed = failure:message(), lasted = events:receive().result.value }`,
      ),
      lua("function.lua", "wait", `return (assert(process.exec("app:waiter", "app:host", ...)))`),
      lua(
        "function.lua",
        "find",
        `return (assert(process.with_options({ ["temporal.workflow.id"] = "last" }):spawn("app:lasting", "app:worker")))`,
      ),
      lua(
        "function.lua",
        "join",
        `return (assert(process.with_options({ ["temporal.workflow.id"] = "last" }):exec("app:lasting", "app:worker")))`,
      ),
    ], async (app) => {
      const joined = app.call("app:join");
      await noted(app, "begun");
      const lasting = await app.call("app:find");
      const ends = app.call("app:wait", lasting);
      const told = (): Promise<unknown> =>
        app.call("app:send", "waiter", "go").then(() => true, () => undefined);
      await noted(app, "tried");
      const { supervisor } = app.application;
      await supervisor.stop("app:worker");
      await supervisor.start("app:worker");
      await app.until(told, "the waiter");
      const { failed, lasted } = await ends as Record<string, string>;
      await assert.rejects(
        supervisor.start("app:supervised"),
        /app:worker is kept and resumed by its worker, not by a supervisor; start app:lasting with process.spawn/,
      );
      assert.match(failed!, /no way/);
      assert.equal(lasted, "fine");
      assert.equal(await joined, "fine", "who waits for it goes on waiting");
      assert.deepEqual((await notesOf(app)).sort(), ["begun", "done", "tried"]);
    })
  ));
