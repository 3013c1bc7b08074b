/** Many processes on several workers that start, message, watch, link, cancel and end each other, with what must hold throughout. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value } from "../../src/core/mod.ts";
import type { Thread, ThreadEvents, Threads } from "../../src/ports/mod.ts";
import { withApplication } from "../application.ts";
import { code, fn, HOST, LONG } from "./worker_project.ts";

/** Starts children down to a depth, exchanges numbered messages with all of them, and counts how each ended. */
const ACTOR = code(
  "actor",
  `
  local depth, seed, fate = ...
  local state = seed
  local function draw(n)
    state = (state * 1103515245 + 12345) % 2147483648
    return state // 65536 % n
  end
  local events, inbox = process.events(), process.inbox()
  local last, ends, children, answers = {}, {}, {}, 0
  local total = depth > 0 and 3 + draw(3) or 0
  for i = 1, total do
    local kind = draw(5)
    local pid = assert(process.spawn_monitored("app:actor", "app:host", depth - 1, seed * 31 + i, kind))
    children[#children + 1] = pid
    for n = 1, 5 + draw(20) do process.send(pid, "n", { from = process.pid(), n = n }) end
    if kind == 1 then process.cancel(pid, "enough")
    elseif kind == 2 then process.terminate(pid) end
    if draw(4) == 0 then local s = 0 for k = 1, draw(200000) do s = s + k end end
    if draw(6) == 0 then time.sleep("1ms") end
  end
  local deadline = time.after("20s")
  local function take(message)
    local value = message:payload():data()
    if value.answer then answers = answers + 1 return end
    local before = last[value.from] or 0
    assert(value.n == before + 1, "message " .. value.n .. " after " .. before)
    last[value.from] = value.n
    process.send(value.from, "a", { answer = value.n })
  end
  local open = #children
  while open > 0 do
    local case = channel.select({ events:case_receive(), inbox:case_receive(), deadline:case_receive() })
    assert(case.channel ~= deadline, open .. " children never ended")
    if case.channel == inbox then take(case.value)
    elseif case.value.kind == process.event.EXIT then
      local pid = case.value.from
      assert(not ends[pid], "two ends of " .. pid)
      ends[pid] = case.value.result.error and case.value.result.error:message() or "ok"
      open = open - 1
    end
  end
  for _, pid in ipairs(children) do assert(ends[pid], "no end of " .. pid) end
  -- What has come by now is in order; some fail on purpose.
  while true do
    local case = channel.select({ inbox:case_receive(), default = true })
    if case.default then break end
    take(case.value)
  end
  if fate == 3 then error("as planned") end
  local counts = { total = #children, planned = 0, terminated = 0, ok = 0 }
  for _, text in pairs(ends) do
    if text:find("as planned") then counts.planned = counts.planned + 1
    elseif text == "process terminated" then counts.terminated = counts.terminated + 1
    elseif text == "ok" then counts.ok = counts.ok + 1
    else error("ended with " .. text) end
  end
  return counts`,
  "time",
);

test(
  "a storm of processes on three workers loses no end, repeats none, and keeps the order of every sender",
  LONG,
  () =>
    withApplication(
      HOST.replace("workers: 2", "workers: 3") + ACTOR +
        fn("count", `return #assert(system.hosts.processes("app:host"))`, "system"),
      async (app) => {
        const { runtime } = app.application;
        for (let seed = 1; seed <= 6; seed++) {
          // Half of the time the main worker takes its share.
          runtime.board!.mainTakes = seed % 2 === 0;
          const value = await new Promise<Value>((resolve, reject) =>
            runtime.spawn("app:actor", "app:host", {
              args: [4, seed * 7919, 0],
              onExit: ({ failure, value }) => failure === null ? resolve(value) : reject(failure),
            })
          );
          const { ok, planned, terminated, total } = value as Record<string, number>;
          assert.equal(ok! + planned! + terminated!, total);
        }
        runtime.board!.mainTakes = true;
        await app.until(async () => await app.call("app:count") === 0, "the end of orphans");
        assert.equal(runtime.table.size, 0, "relations that nobody has");
        assert.deepEqual(app.logs.filter(({ level }) => level > 1), []);
      },
      { cpus: 3 },
    ),
);

/** The threads of the machine, any of which can be made to fail. */
function fragile() {
  const alive = new Map<Thread, ThreadEvents>();
  return {
    threads: (real: Threads): Threads => ({
      start(events) {
        const thread = real.start({
          message: events.message,
          ended: (reason) => {
            alive.delete(thread);
            events.ended(reason);
          },
        });
        alive.set(thread, events);
        return {
          post: (message) => thread.post(message),
          terminate: () => void (alive.delete(thread), thread.terminate()),
        };
      },
    }),
    /** Makes the one fail that was started first. */
    fail(): void {
      for (const [thread, events] of alive) {
        alive.delete(thread);
        thread.terminate();
        return events.ended("storm");
      }
    },
  };
}

test(
  "workers that fail in the middle of a storm leave nothing behind: everything ends and nobody waits for ever",
  LONG,
  async () => {
    const { fail, threads } = fragile();
    await withApplication(
      HOST.replace("workers: 2", "workers: 3") +
        ACTOR.replace('else error("ended with " .. text) end', "end") +
        fn("count", `return #assert(system.hosts.processes("app:host"))`, "system"),
      async (app) => {
        const { runtime } = app.application;
        for (let seed = 1; seed <= 6; seed++) {
          runtime.board!.mainTakes = seed % 2 === 0;
          const ended = new Promise<string>((resolve) =>
            runtime.spawn("app:actor", "app:host", {
              args: [4, seed * 7919, 0],
              onExit: ({ failure }) => resolve(failure?.message ?? "ok"),
            })
          );
          const failing = app.until(() => {
            if (runtime.processes().some(({ worker }) => worker > 0)) fail();
            return runtime.processes().length === 0;
          }, "the end of all");
          assert.match(await ended, /^ok$|failed: storm|two ends|never ended/);
          await failing;
        }
        assert.equal(runtime.table.size, 0, "relations that nobody has");
      },
      { cpus: 3, threads },
    );
  },
);
