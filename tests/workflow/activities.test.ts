/** Activities: what workflows call, where it runs, and what it knows of its workflow. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../src/core/mod.ts";
import { withApplication } from "../application.ts";
import { ACTIVITY, inFolder, lua, noted, notesOf, withWorker } from "./worker.ts";

/** What Lua shows of a call's end. */
const SHOW = `local function show(value, err)
  if err then return { err:kind(), err:message(), err:retryable() } end
  return { value }
end\n`;

test("a function with metadata is an activity of its worker, called by its full id, and its result is recorded [activity.call] [temporal.activity.name]", () =>
  inFolder(async (folder) => {
    const other = (isStarted: boolean): ValueMap => ({
      name: "other",
      kind: "temporal.worker",
      client: "app:journal",
      task_queue: "others",
      lifecycle: { auto_start: isStarted },
    });
    const entries = [
      lua(
        "workflow.lua",
        "buyer",
        `${SHOW}
local here = funcs.call("app:charge", 5)
local there = funcs.call("app:elsewhere", 7)
local short = show(funcs.call("charge", 5))
funcs.call("app:note", "bought " .. json.encode({ here, there, short }))
process.listen("go"):receive()
funcs.call("app:note", "again " .. json.encode({ here, there, short }))`,
        ["funcs", "json"],
      ),
      lua("function.lua", "charge", `funcs.call("app:note", "charged") return { paid = (...) * 2 }`, [
        "funcs",
      ]),
      {
        ...lua("function.lua", "elsewhere", `funcs.call("app:note", "elsewhere") return (...) * 2`, [
          "funcs",
        ]),
        meta: { temporal: { activity: { worker: "other" } } },
      },
    ];
    let pid = "";
    await withWorker(folder, [...entries, other(false)], async (app) => {
      pid = await app.call("app:start", "app:buyer") as string;
      await noted(app, "charged");
      await app.call("app:run", "app:nothing");
      assert.deepEqual(await notesOf(app), ["charged"], "the other waits for its worker");
    });
    await withWorker(folder, [...entries, other(true)], (app) => noted(app, "bought").then(() => {}));
    await withWorker(folder, [...entries, other(true)], async (app) => {
      await app.call("app:send", pid, "go");
      await noted(app, "again");
      const notes = await notesOf(app);
      assert.deepEqual(notes.slice(0, 2), ["charged", "elsewhere"]);
      assert.equal(notes[2]!.slice("bought ".length), notes[3]!.slice("again ".length));
      assert.deepEqual(JSON.parse(notes[3]!.slice("again ".length)), [
        { paid: 10 },
        14,
        ["Invalid", "namespace required in function ID", false],
      ]);
    });
  }));

test("metadata of activities and workflows is checked when an entry is made [kind.meta.activity] [kind.meta.workflow] [temporal.activity.meta] [temporal.workflow.meta]", async () => {
  const refusal = async (kind: string, temporal: unknown): Promise<string> => {
    const entry = { ...lua(kind, "made", "return 1"), meta: { temporal } as ValueMap };
    const project = JSON.stringify({ version: "1.0", namespace: "app", entries: [entry] });
    try {
      await withApplication(project, async () => {}, { simulated: true });
    } catch (error) {
      return (error as Error).message.replace(/^.*app:made: /, "");
    }
    return "accepted";
  };
  const activity = "meta.temporal.activity";
  assert.equal(
    await refusal("function.lua", { activity: {} }),
    `${activity}.worker is required: the id of a temporal.worker`,
  );
  assert.equal(await refusal("function.lua", { activity: "app:worker" }), `${activity}: expected a map`);
  assert.equal(
    await refusal("function.lua", { activity: { worker: "w", local: 1 } }),
    `${activity}.local: expected a boolean`,
  );
  assert.equal(
    await refusal("library.lua", { activity: { worker: "w" } }),
    `${activity}: a library.lua can't be one; function.lua or process.lua can`,
  );
  const workflow = "meta.temporal.workflow";
  assert.equal(
    await refusal("workflow.lua", { workflow: {} }),
    `${workflow}.worker is required: the id of a temporal.worker`,
  );
  assert.equal(
    await refusal("workflow.lua", { workflow: { worker: "w", name: 1 } }),
    `${workflow}.name: expected a string`,
  );
  assert.equal(
    await refusal("process.lua", { workflow: { worker: "w" } }),
    `${workflow}: a process.lua can't be one; workflow.lua can`,
  );
  for (const kind of ["function.lua", "process.lua"]) {
    assert.equal(await refusal(kind, { activity: { worker: "app:worker", local: true } }), "accepted");
  }
  assert.equal(await refusal("workflow.lua", { workflow: { worker: "app:worker" } }), "accepted");
});

test("a workflow runs on the worker that it is registered with, under its name, and on no other [kind.meta.workflow] [temporal.workflow.meta]", () =>
  inFolder((folder) => {
    const registered = (name: string, workflow: ValueMap): ValueMap => ({
      ...lua("workflow.lua", name, `return workflow.info().workflow_type`, ["workflow"]),
      meta: { temporal: { workflow } },
    });
    return withWorker(folder, [
      registered("named", { worker: "worker", name: "OrderWorkflow" }),
      registered("plain", { worker: "app:worker" }),
      registered("foreign", { worker: "app:other" }),
    ], async (app) => {
      assert.equal(await app.call("app:run", "app:named"), "OrderWorkflow");
      assert.equal(await app.call("app:run", "app:plain"), "app:plain");
      assert.deepEqual(await app.call("app:run", "app:foreign"), {
        kind: "NotFound",
        message: "app:foreign is registered with app:other, not with app:worker",
      });
    });
  }));

test("an activity reads what the spawner and the workflow put into the context, also after a restart [activity.context] [workflow.start.context]", () =>
  inFolder(async (folder) => {
    const entries = [
      lua(
        "workflow.lua",
        "traced",
        `assert(ctx.get("user") == "user-1")
process.listen("go"):receive()
local plain = funcs.call("app:reads")
local more = funcs.new():with_context({ trace = "abc", tenant = "other" }):call("app:reads")
funcs.call("app:note", "read " .. json.encode({ plain, more }))`,
        ["funcs", "json", "ctx"],
      ),
      lua("function.lua", "reads", `return ctx.all()`, ["ctx"]),
      lua(
        "function.lua",
        "begin",
        `return (assert(process.with_context({ user = "user-1", tenant = "tenant-1" }):spawn("app:traced", "app:worker")))`,
      ),
    ];
    let pid = "";
    await withWorker(folder, entries, async (app) => {
      pid = await app.call("app:begin") as string;
    });
    await withWorker(folder, entries, async (app) => {
      await app.call("app:send", pid, "go");
      await noted(app, "read");
      assert.deepEqual(JSON.parse((await notesOf(app))[0]!.slice("read ".length)), [
        { user: "user-1", tenant: "tenant-1" },
        { user: "user-1", tenant: "other", trace: "abc" },
      ]);
    });
  }));

test("a process is an activity too: it runs on the worker and has an inbox; local makes no difference [activity.process] [activity.local]", () =>
  inFolder(async (folder) => {
    const entries = [
      lua(
        "workflow.lua",
        "caller",
        `${SHOW}
local done = funcs.async("app:long", process.pid())
local pid = process.listen("here"):receive()
process.send(pid, "work", 20)
process.send(pid, "work", 22)
local sum = done:response():receive():data()
return { pid, sum, show(funcs.call("app:fails")), funcs.call("app:validates", 3) }`,
        ["funcs"],
      ),
      {
        ...lua(
          "process.lua",
          "long",
          `local parent, sum, inbox = ..., 0, process.inbox()
process.send(parent, "here", process.pid())
for _ = 1, 2 do sum = sum + inbox:receive():payload():data() end
return sum`,
        ),
        meta: ACTIVITY,
      },
      {
        ...lua(
          "process.lua",
          "fails",
          `return nil, errors.new({ message = "worn", kind = errors.UNAVAILABLE, retryable = true })`,
        ),
        meta: ACTIVITY,
      },
      {
        ...lua("function.lua", "validates", `return (...) > 2`),
        meta: { temporal: { activity: { worker: "app:worker", local: true } } },
      },
    ];
    await withWorker(folder, entries, async (app) => {
      const [pid, ...rest] = await app.call("app:run", "app:caller") as unknown[];
      assert.match(String(pid), /^\{app:worker\|0x[0-9a-f]+\}$/);
      assert.deepEqual(rest, [42, ["Unavailable", "worn", true], true]);
    });
  }));
