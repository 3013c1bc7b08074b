/** Starting workflows: ids, policies, first messages and contexts, and what the starter is told. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import type { TestApplication } from "../application.ts";
import { CPUS, LONG } from "../process/worker_project.ts";
import { inFolder, lua, noted, notesOf, withWorker } from "./worker.ts";

/** Waits for a message `end`, and returns what came before. */
const COLLECTOR = lua(
  "workflow.lua",
  "collector",
  `local input = ...
local inbox, seen = process.inbox(), {}
while true do
  local message = inbox:receive()
  if message:topic() == "end" then break end
  if message:topic() == "fail" then error(errors.new({ message = "told to", kind = errors.CONFLICT })) end
  seen[#seen + 1] = message:topic() .. "=" .. tostring(message:payload():data())
end
return { input = input, seen = table.concat(seen, " ") }`,
);

/** Starts the collector with options; tells pid or error. */
const STARTER = lua(
  "function.lua",
  "begin",
  `local options, input, name, messages = ...
local spawner = process.with_options(options)
if name then spawner = spawner:with_name(name) end
for _, m in ipairs(messages or {}) do spawner = spawner:with_message(m[1], m[2]) end
local pid, err = spawner:spawn("app:collector", "app:worker", input)
if err then return { kind = err:kind(), message = err:message(), retryable = err:retryable() } end
return { pid = pid }`,
);

const AWAIT = lua(
  "function.lua",
  "await",
  `local pid, topic = ...
assert(process.monitor(pid))
if topic then assert(process.send(pid, topic)) end
local event = process.events():receive()
assert(event.kind == process.event.EXIT and event.from == pid)
local err = event.result.error
return { value = event.result.value, error = err and err:message(), kind = err and err:kind() }`,
);

const ENTRIES = [COLLECTOR, STARTER, AWAIT];

const begin = async (
  app: TestApplication,
  options: ValueMap,
  ...more: Value[]
): Promise<Record<string, Value>> => await app.call("app:begin", options, ...more) as Record<string, Value>;
const ID = { "temporal.workflow.id": "order-1" };

test("an id finds the workflow that runs, by default and after a restart; its input is ignored [workflow.start.id]", () =>
  inFolder(async (folder) => {
    let pid: Value;
    await withWorker(folder, ENTRIES, async (app) => {
      pid = (await begin(app, ID, "first"))["pid"];
      assert.equal((await begin(app, ID, "second"))["pid"], pid);
      assert.equal((await begin(app, { "workflow.id": "order-1" }, "third"))["pid"], pid);
      const other = (await begin(app, { "temporal.workflow.id": "order-2" }, "other"))["pid"];
      assert.notEqual(other, pid);
    });
    await withWorker(folder, ENTRIES, async (app) => {
      assert.equal((await begin(app, ID, "fourth"))["pid"], pid);
      const end = await app.call("app:await", pid, "end") as ValueMap;
      assert.deepEqual(end["value"], { input: "first", seen: "" });
      const next = (await begin(app, ID, "fifth"))["pid"];
      assert.notEqual(next, pid, "an id whose workflow has ended is free");
    });
  }));

test("fail refuses an id that runs, terminate_existing ends what has it, use_existing returns it [workflow.start.conflict] [workflow.start.already-error]", () =>
  inFolder(async (folder) => {
    const policy = (name: string): ValueMap => ({ ...ID, "temporal.workflow.id_conflict_policy": name });
    let pid: Value;
    await withWorker(folder, ENTRIES, async (app) => {
      pid = (await begin(app, policy("fail"), 1))["pid"];
      assert.match(String(pid), /^\{app:worker\|/);
    });
    await withWorker(folder, ENTRIES, async (app) => {
      const taken = { kind: "AlreadyExists", message: "workflow already started: order-1", retryable: false };
      assert.deepEqual(await begin(app, policy("fail"), 2), taken);
      const strict = { "temporal.workflow.execution_error_when_already_started": true };
      assert.deepEqual(await begin(app, { ...ID, ...strict }, 2), taken);
      assert.deepEqual(await begin(app, { ...policy("use_existing"), ...strict }, 2), taken);
      assert.equal((await begin(app, policy("use_existing"), 2))["pid"], pid);
      const watched = app.call("app:await", pid);
      await app.call("app:send", pid, "noted");
      const next = (await begin(app, policy("terminate_existing"), 3))["pid"];
      assert.notEqual(next, pid);
      assert.deepEqual(await watched, { error: "workflow terminated", kind: "Canceled" });
      assert.deepEqual(await begin(app, policy("sometimes"), 4), {
        kind: "Invalid",
        message:
          `temporal.workflow.id_conflict_policy: expected one of use_existing, fail, terminate_existing, got "sometimes"`,
      });
      const end = await app.call("app:await", next, "end") as ValueMap;
      assert.deepEqual(end["value"], { input: 3, seen: "" });
    });
  }));

test("an id that was used is free, free after failures only, or never again [workflow.start.reuse]", () =>
  inFolder(async (folder) => {
    const policy = (name: string): ValueMap => ({ ...ID, "temporal.workflow.id_reuse_policy": name });
    await withWorker(folder, ENTRIES, async (app) => {
      const first = (await begin(app, policy("reject_duplicate"), 1))["pid"];
      await app.call("app:await", first, "fail");
      const second = (await begin(app, policy("allow_duplicate_failed_only"), 2))["pid"];
      assert.notEqual(second, first);
      await app.call("app:await", second, "end");
    });
    await withWorker(folder, ENTRIES, async (app) => {
      const refused = await begin(app, policy("allow_duplicate_failed_only"), 3);
      assert.equal(refused["kind"], "AlreadyExists");
      assert.match(
        String(refused["message"]),
        /has succeeded and id_reuse_policy is allow_duplicate_failed_only: order-1/,
      );
      assert.match(
        String((await begin(app, policy("reject_duplicate"), 3))["message"]),
        /used before .* reject_duplicate: order-1/,
      );
      assert.ok((await begin(app, policy("allow_duplicate"), 3))["pid"] !== undefined);
    });
  }));

test("messages of a start come before all others, also to one that runs, and survive a restart [workflow.start.message]", () =>
  inFolder(async (folder) => {
    let pid: Value;
    await withWorker(folder, ENTRIES, async (app) => {
      pid = (await begin(app, {}, 1, "counter", [["add", 2], ["add", 1], ["sub", 4]]))["pid"];
      await app.call("app:send", pid, "late", 9);
    });
    await withWorker(folder, ENTRIES, async (app) => {
      assert.equal((await begin(app, {}, 2, "counter", [["more", 5]]))["pid"], pid);
      const end = await app.call("app:await", pid, "end") as ValueMap;
      assert.deepEqual(end["value"], { input: 1, seen: "add=2 add=1 sub=4 late=9 more=5" });
    });
  }));

test("options may be empty, a spawner never changes, and what it says is about its own starts only [workflow.start.options-form]", () =>
  inFolder((folder) =>
    withWorker(folder, [
      ...ENTRIES,
      lua(
        "function.lua",
        "forms",
        `local plain = process.with_options({})
local named = plain:with_name("one")
local strict = named:with_options({ ["temporal.workflow.id_conflict_policy"] = "fail" })
local first = assert(named:spawn("app:collector", "app:worker"))
assert(named:spawn("app:collector", "app:worker") == first)
local pid, err = strict:spawn("app:collector", "app:worker")
assert(pid == nil and err:kind() == "AlreadyExists")
assert(plain:spawn("app:collector", "app:worker") ~= plain:spawn("app:collector", "app:worker"))
local _, unknown = plain:with_options({ ["temporal.workflow.idd"] = "x" }):spawn("app:collector", "app:worker")
return unknown:message()`,
      ),
    ], async (app) => {
      assert.equal(
        await app.call("app:forms"),
        "unknown workflow option temporal.workflow.idd; did you mean temporal.workflow.id?",
      );
    })
  ));

test("an end is an EXIT with its value or its error, from the workflow [workflow.start.events]", () =>
  inFolder((folder) =>
    withWorker(folder, [
      lua("workflow.lua", "fine", `return { total = 3 }`),
      lua(
        "workflow.lua",
        "sorry",
        `return nil, errors.new({ message = "none left", kind = errors.NOT_FOUND, retryable = false })`,
      ),
      lua(
        "process.lua",
        "shop",
        `local events, seen = process.events(), {}
for _, entry in ipairs({ "app:fine", "app:sorry" }) do
  local pid = assert(process.spawn_monitored(entry, "app:worker"))
  local event = events:receive()
  local err = event.result.error
  seen[#seen + 1] = { event.kind == process.event.EXIT, event.from == pid, math.type(event.at) == "integer",
    event.result.value or false, err and { err:kind(), err:message(), err:retryable() } or false }
end
return seen`,
      ),
      lua("function.lua", "go", `return (assert(process.exec("app:shop", "app:host")))`),
    ], async (app) => {
      assert.deepEqual(await app.call("app:go"), [
        [true, true, true, { total: 3 }, false],
        [true, true, true, false, ["NotFound", "none left", false]],
      ]);
    })
  ));

test("context of the starter is that of the workflow and of its activities, also after a restart [workflow.start.context]", () =>
  inFolder(async (folder) => {
    const entries = [
      lua("function.lua", "whose", `return ctx.get("tenant") .. "/" .. ctx.get("user_id")`, ["ctx"]),
      lua(
        "workflow.lua",
        "tenant",
        `funcs.call("app:note", "before " .. funcs.call("app:whose"))
process.listen("go"):receive()
funcs.call("app:note", "after " .. funcs.call("app:whose") .. " " .. ctx.get("tenant") .. " " .. ctx.all().user_id)`,
        ["funcs", "ctx"],
      ),
      lua(
        "function.lua",
        "begin",
        `return (assert(process.with_context({ user_id = "user-1", tenant = "tenant-1" }):spawn("app:tenant", "app:worker")))`,
      ),
    ];
    let pid: Value;
    await withWorker(folder, entries, async (app) => {
      pid = await app.call("app:begin");
      await noted(app, "before");
    });
    await withWorker(folder, entries, async (app) => {
      await app.call("app:send", pid, "go");
      await noted(app, "after");
      assert.deepEqual(await notesOf(app), [
        "before tenant-1/user-1",
        "after tenant-1/user-1 tenant-1 user-1",
      ]);
    });
  }));

/** Runs `app:away` where it can begin on the other worker only. */
function away(app: TestApplication): Promise<Value> {
  const { runtime } = app.application;
  runtime.board!.mainTakes = false;
  return new Promise((resolve, reject) => {
    const pid = runtime.spawn("app:away", "app:threads", {
      onExit: ({ failure, value }) => failure === null ? resolve(value) : reject(failure),
    });
    assert.ok(runtime.messages.liveProcess(pid)!.placement !== undefined);
  });
}

test(
  "a process on a thread of its own starts workflows like any other [workflow.start.id] [workflow.start.message]",
  LONG,
  () =>
    inFolder((folder) =>
      withWorker(folder, [
        ...ENTRIES,
        { name: "threads", kind: "process.host", host: { workers: 2 }, lifecycle: { auto_start: true } },
        lua(
          "process.lua",
          "away",
          `local spawner = process.with_options({ ["temporal.workflow.id"] = "far", ["temporal.workflow.retry_policy"] = { backoff_coefficient = 2.0 } })
local pid = assert(spawner:with_message("add", { 1.5 }):spawn("app:collector", "app:worker", "far"))
local strict = spawner:with_options({ ["temporal.workflow.id_conflict_policy"] = "fail" })
local none, err = strict:spawn("app:collector", "app:worker")
assert(none == nil and err:kind() == "AlreadyExists", tostring(err))
return (assert(spawner:with_message("end"):exec("app:collector", "app:worker")))`,
        ),
      ], async (app) => {
        const { input, seen } = await away(app) as Record<string, string>;
        assert.equal(input, "far");
        assert.match(seen!, /^add=table/);
      }, CPUS)
    ),
);
