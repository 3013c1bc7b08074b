/** Errors as workflows see them, and how they undo what was done. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inFolder, lua, noted, notesOf, withWorker } from "./worker.ts";

/** What Lua shows of a call's end. */
const SHOW = `local function show(value, err)
  if err then return { err:kind(), err:message(), err:retryable() } end
  return { value }
end\n`;

test("errors of activities keep kind, message and retryable, also in a replay [activity.error.kind] [activity.error.app] [activity.error.crash] [activity.error.missing] [activity.error.timeout]", () =>
  inFolder(async (folder) => {
    const entries = [
      lua(
        "workflow.lua",
        "risky",
        `${SHOW}
local seen = {}
local function try(...) seen[#seen + 1] = show(funcs.call(...)) end
try("app:refuses", "no money", errors.INVALID, false)
try("app:refuses", "busy", errors.UNAVAILABLE, true)
try("app:refuses", "odd", errors.CONFLICT)
try("app:wraps")
try("app:crashes")
try("app:slips")
try("app:nothing")
try("app:plain")
try("app:lost")
local quick = funcs.new():with_options({ ["activity.start_to_close_timeout"] = "5ms" })
seen[#seen + 1] = show(quick:call("app:sleeps"))
local shown = json.encode(seen)
funcs.call("app:note", "before " .. shown)
process.listen("go"):receive()
funcs.call("app:note", "after " .. json.encode(seen))`,
        ["funcs", "json"],
      ),
      lua(
        "function.lua",
        "refuses",
        `local message, kind, retryable = ... return nil, errors.new({ message = message, kind = kind, retryable = retryable })`,
      ),
      lua(
        "function.lua",
        "wraps",
        `return nil, errors.wrap(errors.new({ message = "gone", kind = errors.NOT_FOUND, retryable = false }), "payment failed")`,
      ),
      lua("function.lua", "crashes", `error("boom")`),
      lua("function.lua", "slips", `local none = nil return none.field`),
      lua("function.lua", "sleeps", `time.sleep("1h")`, ["time"]),
      { ...lua("function.lua", "plain", `return 1`), meta: {} },
      {
        ...lua("function.lua", "lost", `return 1`),
        meta: { temporal: { activity: { worker: "app:nowhere" } } },
      },
    ];
    let pid = "";
    await withWorker(folder, entries, async (app) => {
      pid = await app.call("app:start", "app:risky") as string;
      await noted(app, "before");
    });
    await withWorker(folder, entries, async (app) => {
      await app.call("app:send", pid, "go");
      await noted(app, "after");
      const [before, after] = (await notesOf(app)).map((note) =>
        JSON.parse(note.slice(note.indexOf(" "))) as unknown[][]
      );
      assert.deepEqual(after, before);
      const [refused, busy, odd, wrapped, crashed, slipped, nothing, plain, lost, late] = before!;
      assert.deepEqual(refused, ["Invalid", "no money", false]);
      assert.deepEqual(busy, ["Unavailable", "busy", true]);
      assert.deepEqual(odd!.slice(0, 2), ["Conflict", "odd"]);
      assert.deepEqual(wrapped, ["NotFound", "gone", false]);
      assert.deepEqual([crashed![0], crashed![2]], ["Internal", false]);
      assert.match(String(crashed![1]), /boom/);
      assert.deepEqual([slipped![0], slipped![2]], ["Internal", false]);
      assert.deepEqual(nothing, ["NotFound", "no handler registered for target", false]);
      assert.deepEqual(plain, [
        "NotFound",
        "app:plain is no activity: add the worker that runs it as meta.temporal.activity.worker",
        false,
      ]);
      assert.deepEqual(lost, [
        "NotFound",
        "app:lost is registered with app:nowhere, which is no temporal.worker",
        false,
      ]);
      assert.deepEqual(late, [
        "Timeout",
        "activity app:sleeps exceeded its start_to_close_timeout of 5ms",
        false,
      ]);
    });
  }));

test("compensations run in reverse order, and what was compensated is not done again after a restart [workflow.saga]", () =>
  inFolder(async (folder) => {
    const entries = [
      lua(
        "workflow.lua",
        "saga",
        `local order = ...
local compensations = {}
local function fail(step, err)
  for _, compensation in ipairs(compensations) do funcs.call(compensation.action, compensation.args) end
  funcs.call("app:note", "failed at " .. step .. ": " .. tostring(err))
end
for i, step in ipairs(order.steps) do
  local done, err = funcs.call("app:step", step)
  if err then return fail(step, err) end
  table.insert(compensations, 1, { action = "app:undo", args = done })
  if i == order.pause then process.listen("go"):receive() end
end
funcs.call("app:note", "completed")`,
        ["funcs"],
      ),
      lua(
        "function.lua",
        "step",
        `local name = ...
if name == "ship" then return nil, errors.new({ message = "no carrier", kind = errors.UNAVAILABLE }) end
funcs.call("app:note", "did " .. name)
return "undo " .. name`,
        ["funcs"],
      ),
      lua("function.lua", "undo", `funcs.call("app:note", ...)`, ["funcs"]),
    ];
    let pid = "";
    await withWorker(folder, entries, async (app) => {
      pid = await app.call("app:start", "app:saga", {
        steps: ["reserve", "charge", "ship"],
        pause: 2,
      }) as string;
      await noted(app, "did charge");
    });
    await withWorker(folder, entries, async (app) => {
      await app.call("app:send", pid, "go");
      await noted(app, "failed at");
      assert.deepEqual(await notesOf(app), [
        "did reserve",
        "did charge",
        "undo charge",
        "undo reserve",
        "failed at ship: no carrier",
      ]);
      await app.call("app:start", "app:saga", { steps: ["reserve"], pause: 0 });
      await noted(app, "completed");
    });
  }));

test("errors of children keep kind, message and retryable in the EXIT event, from exec and in a replay [workflow.error.child] [undoc.temporal.errors]", () =>
  inFolder(async (folder) => {
    const entries = [
      lua(
        "workflow.lua",
        "parent",
        `${SHOW}
local events, seen = process.events(), {}
local function ended(...)
  local pid = assert(process.spawn(...))
  if select("#", ...) == 2 and ... == "app:waits" then process.terminate(pid) end
  local event = events:receive()
  assert(event.kind == process.event.EXIT and event.from == pid and event.result.value == nil)
  seen[#seen + 1] = show(nil, event.result.error)
end
ended("app:fails", "app:worker", "no stock", errors.CONFLICT, true)
ended("app:fails", "app:worker", "gone", errors.NOT_FOUND, false)
ended("app:crashes", "app:worker")
ended("app:waits", "app:worker")
seen[#seen + 1] = show(process.exec("app:fails", "app:worker", "busy", errors.UNAVAILABLE, true))
seen[#seen + 1] = show(workflow.exec("app:fails", "denied", errors.PERMISSION_DENIED, false))
funcs.call("app:note", "before " .. json.encode(seen))
process.listen("go"):receive()
funcs.call("app:note", "after " .. json.encode(seen))`,
        ["funcs", "json", "workflow"],
      ),
      lua(
        "workflow.lua",
        "fails",
        `local message, kind, retryable = ... return nil, errors.new({ message = message, kind = kind, retryable = retryable })`,
      ),
      lua("workflow.lua", "crashes", `error("boom")`),
      lua("workflow.lua", "waits", `process.listen("never"):receive()`),
    ];
    let pid = "";
    await withWorker(folder, entries, async (app) => {
      pid = await app.call("app:start", "app:parent") as string;
      await noted(app, "before");
    });
    await withWorker(folder, entries, async (app) => {
      await app.call("app:send", pid, "go");
      await noted(app, "after");
      const [before, after] = (await notesOf(app)).map((note) =>
        JSON.parse(note.slice(note.indexOf(" "))) as unknown[][]
      );
      assert.deepEqual(after, before);
      assert.match(String(before![2]!.splice(1, 1)), /boom/);
      assert.deepEqual(before, [
        ["Conflict", "no stock", true],
        ["NotFound", "gone", false],
        ["Internal"],
        ["Canceled", "workflow terminated", false],
        ["Unavailable", "busy", true],
        ["PermissionDenied", "denied", false],
      ]);
    });
  }));
