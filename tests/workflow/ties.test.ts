/** Workflows and those around them: signals, children, monitors and links, also over an end of the program. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../src/core/mod.ts";
import { inFolder, lua, noted, notesOf, withWorker } from "./worker.ts";

/** Ends when it is told to, as it is told. */
const PATIENT = lua(
  "workflow.lua",
  "patient",
  `local name = ...
if name then funcs.call("app:note", "born " .. name) end
local message = process.inbox():receive()
if message:topic() == "fail" then return nil, errors.new({ message = "told to fail", kind = errors.CONFLICT, retryable = false }) end
return message:payload():data()`,
  ["funcs"],
);

test("listen gives payloads, or messages with their senders, also after a restart [workflow.signal.listen]", () =>
  inFolder(async (folder) => {
    const entries = [
      lua(
        "workflow.lua",
        "listener",
        `local plain, full = process.listen("plain"), process.listen("full", { message = true })
for _ = 1, 2 do
  local value, message = plain:receive(), full:receive()
  assert(type(value) == "table" and message:topic() == "full")
  process.send(message:from(), "answer", value.n + message:payload():data())
end`,
      ),
      lua(
        "function.lua",
        "ask",
        `local pid, n = ...
local answers = process.listen("answer")
process.send(pid, "plain", { n = n })
process.send(pid, "full", 100)
return (answers:receive())`,
      ),
    ];
    let pid = "";
    await withWorker(folder, entries, async (app) => {
      pid = await app.call("app:start", "app:listener") as string;
      assert.equal(await app.call("app:ask", pid, 1), 101);
    });
    await withWorker(folder, entries, async (app) => {
      assert.equal(await app.call("app:ask", pid, 2), 102);
    });
  }));

test("workflows signal each other, and learn that one has ended, the same in a replay [workflow.signal.cross]", () =>
  inFolder(async (folder) => {
    const entries = [
      lua(
        "workflow.lua",
        "target",
        `for _ = 1, 2 do
  local message = process.inbox():receive()
  process.send(message:from(), "pong", "got " .. message:payload():data())
end`,
      ),
      lua(
        "workflow.lua",
        "sender",
        `local target = ...
local pongs, seen = process.listen("pong"), {}
assert(process.send(target, "ping", "one"))
seen[1] = pongs:receive()
funcs.call("app:note", "first " .. seen[1])
process.listen("go"):receive()
assert(process.send(target, "ping", "two"))
seen[2] = pongs:receive()
time.sleep("5ms")
local ok, err = process.send(target, "ping", "three")
assert(ok == nil)
funcs.call("app:note", "late " .. err:kind() .. " " .. err:message())
process.listen("again"):receive()
funcs.call("app:note", "seen " .. table.concat(seen, ", ") .. ", " .. err:message())`,
        ["funcs", "time"],
      ),
    ];
    let sender = "";
    await withWorker(folder, entries, async (app) => {
      const target = await app.call("app:start", "app:target");
      sender = await app.call("app:start", "app:sender", target) as string;
      await noted(app, "first got one");
    });
    await withWorker(folder, entries, async (app) => {
      await app.call("app:send", sender, "go");
      await noted(app, "late NotFound process not found");
    });
    await withWorker(folder, entries, async (app) => {
      await app.call("app:send", sender, "again");
      await noted(app, "seen got one, got two, process not found");
    });
  }));

test("a child that is run to its end gives its result or its error, and goes on with its parent [workflow.child.exec]", () =>
  inFolder(async (folder) => {
    const entries = [
      PATIENT,
      lua(
        "workflow.lua",
        "parent",
        `local how = ...
local function run(name)
  local spawner = process.with_options({ ["temporal.workflow.id"] = name })
  return spawner:exec("app:patient", "app:worker", name)
end
local fine = assert(run("fine"))
local value, err = run("sorry")
assert(value == nil)
return { fine = fine, error = { err:kind(), err:message(), err:retryable() }, sum = workflow.exec("app:sum", 2, 3) }`,
        ["workflow"],
      ),
      lua("workflow.lua", "sum", `local a, b = ... return a + b`),
      lua(
        "function.lua",
        "tell",
        `local id, topic, value = ...
local pid = assert(process.with_options({ ["temporal.workflow.id"] = id }):spawn("app:patient", "app:worker"))
assert(process.send(pid, topic, value))`,
      ),
      lua(
        "function.lua",
        "await",
        `local pid = ... assert(process.monitor(pid)) return process.events():receive().result.value`,
      ),
    ];
    let parent = "";
    await withWorker(folder, entries, async (app) => {
      parent = await app.call("app:start", "app:parent") as string;
      await noted(app, "born fine");
    });
    await withWorker(folder, entries, async (app) => {
      const end = app.call("app:await", parent);
      await app.call("app:tell", "fine", "done", { n: 7 });
      await noted(app, "born sorry");
      await app.call("app:tell", "sorry", "fail");
      assert.deepEqual(await end, { fine: { n: 7 }, error: ["Conflict", "told to fail", false], sum: 5 });
    });
  }));

test("a workflow is watched after its start, by processes and workflows, until they no longer want to [workflow.monitor]", () =>
  inFolder(async (folder) => {
    const entries = [
      PATIENT,
      lua(
        "workflow.lua",
        "watcher",
        `local target, unwatched = ...
local events = process.events()
assert(process.monitor(target))
assert(process.monitor(unwatched))
assert(process.unmonitor(unwatched))
local _, twice = process.monitor(target)
funcs.call("app:note", "watching " .. twice:message())
local event = events:receive()
assert(event.kind == process.event.EXIT and event.from == target)
local none, lost = process.monitor(target)
assert(none == nil)
funcs.call("app:note", "learned " .. event.result.value .. ", " .. lost:kind() .. " " .. lost:message())
process.listen("go"):receive()
return { value = event.result.value, lost = lost:message() }`,
        ["funcs"],
      ),
      lua(
        "process.lua",
        "observer",
        `local quiet, loud, watcher = ...
local events = process.events()
assert(process.monitor(quiet)) assert(process.monitor(loud))
assert(process.unmonitor(quiet))
process.send(quiet, "end", "unheard")
process.send(loud, "fail")
local event = events:receive()
assert(event.kind == process.event.EXIT and event.from == loud, "the other was not watched any more")
assert(event.result.error:message() == "told to fail" and event.result.error:kind() == "Conflict")
assert(process.monitor(watcher))
process.send(watcher, "go")
return events:receive().result.value`,
      ),
      lua("function.lua", "observe", `return (assert(process.exec("app:observer", "app:host", ...)))`),
    ];
    let target = "", unwatched = "", watcher = "";
    await withWorker(folder, entries, async (app) => {
      target = await app.call("app:start", "app:patient") as string;
      unwatched = await app.call("app:start", "app:patient") as string;
      watcher = await app.call("app:start", "app:watcher", target, unwatched) as string;
      await noted(app, "watching already monitoring pid");
    });
    await withWorker(folder, entries, async (app) => {
      // It is watched again by a program that has begun since; the end of the other one is not told.
      await app.call("app:send", unwatched, "end", "unheard");
      await app.call("app:send", target, "end", "heard");
      await noted(app, "learned heard, Internal pid not registered");
    });
    await withWorker(folder, entries, async (app) => {
      const quiet = await app.call("app:start", "app:patient");
      const loud = await app.call("app:start", "app:patient");
      assert.deepEqual(await app.call("app:observe", quiet, loud, watcher), {
        value: "heard",
        lost: "pid not registered",
      });
      assert.equal((await notesOf(app)).length, 2);
    });
  }));

test("who watches a process learns of its end, also when it ended with the program [workflow.monitor]", () =>
  inFolder(async (folder) => {
    const entries = [
      {
        name: "early",
        kind: "temporal.worker",
        client: "app:journal",
        task_queue: "early",
        lifecycle: { auto_start: true, depends_on: ["app:host"] },
      },
      lua(
        "process.lua",
        "mortal",
        `local inbox, events = process.inbox(), process.events()
local r = channel.select({ inbox:case_receive(), events:case_receive() })
return r.channel == inbox and "lived" or nil`,
      ),
      lua(
        "function.lua",
        "start_early",
        `return (assert(process.spawn("app:watcher", "app:early", ...)))`,
      ),
      lua("function.lua", "birth", `return (assert(process.spawn("app:mortal", "app:host")))`),
      lua(
        "workflow.lua",
        "watcher",
        `local first, second = ...
local events = process.events()
assert(process.monitor(first)) assert(process.monitor(second))
process.send(first, "end")
local event = events:receive()
funcs.call("app:note", "first " .. event.result.value)
event = events:receive()
funcs.call("app:note", "second " .. event.result.error:message())`,
        ["funcs"],
      ),
    ];
    await withWorker(folder, entries, async (app) => {
      await app.call("app:start_early", await app.call("app:birth"), await app.call("app:birth"));
      await noted(app, "first lived");
    });
    await withWorker(folder, entries, (app) => noted(app, "second process not found").then(() => {}));
  }));

test("a failed workflow is LINK_DOWN for who traps links, and ends who does not; a clean end does neither [workflow.link]", () =>
  inFolder(async (folder) => {
    const linker = (kind: string, name: string): ValueMap =>
      lua(
        kind,
        name,
        `local mode, pid = ...
if mode == "trap" then assert(process.set_options({ trap_links = true })) end
assert(process.link(pid))
if mode == "unlink" then assert(process.unlink(pid)) end
local inbox, events = process.inbox(), process.events()
funcs.call("app:note", "linked " .. mode)
local r = channel.select({ inbox:case_receive(), events:case_receive() })
if r.channel == inbox then return "calm" end
local event = r.value
return { down = event.kind == process.event.LINK_DOWN, from = event.from == pid, why = event.result.error:message() }`,
        ["funcs"],
      );
    const entries = [
      PATIENT,
      linker("workflow.lua", "flow"),
      linker("process.lua", "plain"),
      lua(
        "process.lua",
        "judge",
        `local entry, host, mode, how = ...
local events = process.events()
local target = assert(process.spawn("app:patient", "app:worker"))
local pid = assert(process.spawn_monitored(entry, host, mode, target))
process.registry.register("judge")
process.inbox():receive()
if how == "terminate" then process.terminate(target) else process.send(target, how, 1) end
if how == "end" or mode == "unlink" then
  assert(process.monitor(target) == nil or events:receive().from == target)
  process.send(pid, "calm")
end
local result = events:receive().result
return result.error and result.error:message() or result.value`,
        ["time"],
      ),
      lua(
        "function.lua",
        "judged",
        `local entry, host, mode, how = ...
return (assert(process.exec("app:judge", "app:host", entry, host, mode, how)))`,
      ),
    ];
    await withWorker(folder, entries, async (app) => {
      for (const [entry, host] of [["app:flow", "app:worker"], ["app:plain", "app:host"]]) {
        const judged = async (mode: string, how: string): Promise<unknown> => {
          const before = (await notesOf(app)).length;
          const result = app.call("app:judged", entry!, host!, mode, how);
          await app.until(async () => (await notesOf(app)).length > before, "the link");
          await app.call("app:send", "judge", "go");
          return await result;
        };
        assert.deepEqual(await judged("trap", "terminate"), {
          down: true,
          from: true,
          why: "workflow terminated",
        });
        assert.deepEqual(await judged("trap", "fail"), { down: true, from: true, why: "told to fail" });
        assert.deepEqual(await judged("share", "fail"), "linked process failed");
        assert.deepEqual(await judged("share", "end"), "calm");
        assert.deepEqual(await judged("unlink", "fail"), "calm");
      }
    });
  }));

test("what is sent to a workflow that can't go on is there when it can [workflow.signal.inbox]", () =>
  inFolder(async (folder) => {
    const version = (first: string): ValueMap =>
      lua(
        "workflow.lua",
        "changing",
        `${first} local inbox = process.inbox()
funcs.call("app:note", "got " .. inbox:receive():topic() .. " and " .. inbox:receive():topic())`,
        ["funcs", "time"],
      );
    const right = `funcs.call("app:note", "one")`;
    let pid = "";
    await withWorker(folder, [version(right)], async (app) => {
      pid = await app.call("app:start", "app:changing") as string;
      await noted(app, "one");
    });
    await withWorker(folder, [version(`time.sleep("1s")`)], async (app) => {
      await app.call("app:send", pid, "early");
      await app.until(() => app.logs.find(({ message }) => message.includes("can't go on")), "the complaint");
      await app.call("app:send", pid, "late");
    });
    await withWorker(folder, [version(right)], (app) => noted(app, "got early and late").then(() => {}));
  }));
