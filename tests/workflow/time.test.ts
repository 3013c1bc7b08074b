/** Time in workflows, and whose end is told to whom. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../src/core/mod.ts";
import { inFolder, lua, noted, notesOf, withWorker } from "./worker.ts";

test("now, after, timers, tickers and sleeps are recorded: a replay sees the same times [time.workflow]", () =>
  inFolder(async (folder) => {
    const entries = [
      lua(
        "workflow.lua",
        "clockwork",
        `local times = { time.now():unix_nano() }
time.after("5ms"):receive()
times[#times + 1] = time.now():unix_nano()
local timer = time.timer("5ms")
timer:response():receive()
times[#times + 1] = time.now():unix_nano()
local ticker = time.ticker("5ms")
for _ = 1, 2 do
  ticker:response():receive()
  times[#times + 1] = time.now():unix_nano()
end
ticker:stop()
time.sleep("5ms")
times[#times + 1] = time.now():unix_nano()
for i = 2, #times do assert(times[i] > times[i - 1], "time goes on with every wait") end
assert(times[#times] - times[1] >= 20000000)
local shown = table.concat(times, ",")
funcs.call("app:note", "before " .. shown)
process.listen("go"):receive()
funcs.call("app:note", "after " .. shown)`,
        ["funcs", "time"],
      ),
    ];
    let pid = "";
    await withWorker(folder, entries, async (app) => {
      pid = await app.call("app:start", "app:clockwork") as string;
      await noted(app, "before");
    });
    await withWorker(folder, entries, async (app) => {
      await app.call("app:send", pid, "go");
      await noted(app, "after");
      const [before, after, ...more] = await notesOf(app);
      assert.deepEqual(more, []);
      assert.equal(before!.slice("before ".length), after!.slice("after ".length));
    });
  }));

test("a child's end is told to its parent without a monitor only inside workflows [workflow.child.exit]", () =>
  inFolder((folder) =>
    withWorker(folder, [
      lua("workflow.lua", "child", `return "grown"`),
      lua(
        "workflow.lua",
        "parent",
        `local pid = process.spawn("app:child", "app:worker")
local event = process.events():receive()
assert(event.from == pid)
return event.kind .. " " .. event.result.value`,
      ),
      lua("process.lua", "short", `return "done"`),
      lua(
        "process.lua",
        "watcher",
        `local events = process.events()
process.spawn("app:short", "app:host")
local watched = process.spawn_monitored("app:short", "app:host")
process.spawn("app:child", "app:worker")
local monitored = process.spawn_monitored("app:child", "app:worker")
local told = {}
for _ = 1, 2 do told[events:receive().from] = true end
local timeout = time.after("50ms")
local r = channel.select({ events:case_receive(), timeout:case_receive() })
return { only = told[watched] and told[monitored] and r.channel == timeout }`,
        ["time"],
      ),
      lua("function.lua", "watch", `return (assert(process.exec("app:watcher", "app:host")))`),
    ], async (app) => {
      assert.equal(await app.call("app:run", "app:parent"), "pid.exit grown");
      assert.deepEqual(await app.call("app:watch") as ValueMap, { only: true });
    })
  ));
