/** Options of activities: bounds of time, ids, queues, cancellation, and how they are given. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { ACTIVITY, AUTO, inFolder, lua, noted, notesOf, withWorker } from "./worker.ts";

/** Calls one activity with options. */
const CALLER = lua(
  "workflow.lua",
  "caller",
  `local options, target = ...
local value, err = funcs.new():with_options(options):call(target, select(3, ...))
if err then return { err:kind(), err:message(), err:retryable() } end
return value`,
  ["funcs"],
);

/** Sleeps, then gives how long it was. */
const SLEEPER = lua("function.lua", "sleeper", `time.sleep((...)) return "slept " .. (...)`, ["time"]);

const exceeded = (bound: string): Value => ["Timeout", `activity app:sleeper exceeded its ${bound}ms`, false];

test("an activity may take 10 minutes unless start_to_close_timeout says otherwise, in text or milliseconds [activity.opt.start-close] [activity.error.timeout]", () =>
  inFolder((folder) =>
    withWorker(folder, [
      CALLER,
      SLEEPER,
      {
        ...lua("function.lua", "preset", `time.sleep("3s")`, ["time"]),
        meta: { ...ACTIVITY, options: { "activity.start_to_close_timeout": "1s" } },
      },
    ], async (app) => {
      const run = (timeout: Value, sleep: string): Promise<Value> =>
        app.call(
          "app:run",
          "app:caller",
          { "activity.start_to_close_timeout": timeout },
          "app:sleeper",
          sleep,
        );
      assert.equal(await run(null, "599s"), "slept 599s");
      assert.deepEqual(await run(null, "601s"), exceeded("start_to_close_timeout of 600000"));
      assert.deepEqual(await run("2m", "121s"), exceeded("start_to_close_timeout of 120000"));
      assert.deepEqual(await run(1500, "2s"), exceeded("start_to_close_timeout of 1500"));
      assert.equal(await run("1h", "59m"), "slept 59m");
      const preset = await app.call("app:run", "app:caller", {}, "app:preset") as string[];
      assert.deepEqual(preset.slice(0, 2), [
        "Timeout",
        "activity app:preset exceeded its start_to_close_timeout of 1000ms",
      ]);
    }, { simulated: true })
  ));

/** A worker that runs one activity at a time. */
const NARROW: ValueMap = {
  name: "narrow",
  kind: "temporal.worker",
  client: "app:journal",
  task_queue: "narrow",
  worker_options: { max_concurrent_activity_execution_size: 1 },
  lifecycle: AUTO,
};

/** An activity of that worker. */
const narrow = (entry: ValueMap): ValueMap => ({
  ...entry,
  meta: { temporal: { activity: { worker: "app:narrow" } } },
});

test("schedule_to_close bounds all attempts together, schedule_to_start the wait for the worker; neither has a default [activity.opt.timeouts]", () =>
  inFolder((folder) =>
    withWorker(folder, [
      CALLER,
      NARROW,
      narrow(SLEEPER),
      lua(
        "function.lua",
        "retried",
        `funcs.call("app:note", "try") return nil, errors.new({ message = "no", kind = errors.UNAVAILABLE })`,
        ["funcs"],
      ),
      lua(
        "workflow.lua",
        "crowd",
        `local options = ...
local first = funcs.async("app:sleeper", "60s")
local second = funcs.new():with_options(options):async("app:sleeper", "60s")
local value, err = second:response():receive()
if type(value) == "userdata" and value.kind then return { value:kind(), value:message(), value:retryable() } end
return value:data()`,
        ["funcs"],
      ),
    ], async (app) => {
      const call = (options: ValueMap, ...args: Value[]): Promise<Value> =>
        app.call("app:run", "app:caller", options, ...args);
      const close = { "activity.schedule_to_close_timeout": "30s" };
      assert.deepEqual(
        await call(close, "app:sleeper", "31s"),
        exceeded("schedule_to_close_timeout of 30000"),
      );
      assert.equal(await call(close, "app:sleeper", "29s"), "slept 29s");
      // Tries at 0, 8 and 16 s; the next would come too late, so that its error counts.
      const policy = { initial_interval: 8000, backoff_coefficient: 1 };
      const bounded = { "activity.schedule_to_close_timeout": 20000, "activity.retry_policy": policy };
      assert.deepEqual(await call(bounded, "app:retried"), ["Unavailable", "no"]);
      assert.equal((await notesOf(app)).length, 3);
      // The worker is busy for a minute.
      const crowd = (options: ValueMap): Promise<Value> => app.call("app:run", "app:crowd", options);
      assert.deepEqual(
        await crowd({ "activity.schedule_to_start_timeout": "10s" }),
        exceeded("schedule_to_start_timeout of 10000"),
      );
      assert.equal(await crowd({ "activity.schedule_to_start_timeout": "70s" }), "slept 60s");
      assert.equal(await crowd({}), "slept 60s");
      assert.deepEqual(
        await crowd({ "activity.schedule_to_close_timeout": "90s" }),
        exceeded("schedule_to_close_timeout of 90000"),
      );
      // A worker that lives is known to live: an activity needs to report nothing.
      assert.equal(await call({ "activity.heartbeat_timeout": "1s" }, "app:sleeper", "10s"), "slept 10s");
      for (const name of ["schedule_to_close", "schedule_to_start", "heartbeat"]) {
        const option = `activity.${name}_timeout`;
        assert.deepEqual(await call({ [option]: true }, "app:sleeper", "1s"), [
          "Invalid",
          `${option} must be a duration such as "10s", or milliseconds`,
          false,
        ]);
      }
    }, { simulated: true })
  ));

test("bounds count from when the workflow asked, also over a restart [activity.opt.timeouts]", () =>
  inFolder(async (folder) => {
    const entries = [
      lua(
        "workflow.lua",
        "asks",
        `local _, err = funcs.new():with_options({ ["activity.schedule_to_close_timeout"] = "300ms" }):call("app:waits")
funcs.call("app:note", "ended " .. err:message())`,
        ["funcs"],
      ),
      lua("function.lua", "waits", `funcs.call("app:note", "begun") time.sleep("1h")`, ["funcs", "time"]),
    ];
    await withWorker(folder, entries, async (app) => {
      await app.call("app:start", "app:asks");
      await noted(app, "begun");
    });
    await withWorker(folder, entries, async (app) => {
      await noted(app, "ended");
      assert.equal(
        (await notesOf(app)).at(-1),
        "ended activity app:waits exceeded its schedule_to_close_timeout of 300ms",
      );
    });
  }));

test("an id belongs to one activity at a time, a task queue must be one that its worker serves [activity.opt.id]", () =>
  inFolder((folder) =>
    withWorker(folder, [
      CALLER,
      SLEEPER,
      lua(
        "workflow.lua",
        "twins",
        `local named = funcs.new():with_options({ ["activity.id"] = "charge-1" })
local first = named:async("app:sleeper", "20ms")
local none, err = named:call("app:sleeper", "1ms")
local slept = first:response():receive():data()
return { err:kind(), err:message(), slept, (named:call("app:sleeper", "1ms")) }`,
        ["funcs"],
      ),
    ], async (app) => {
      assert.deepEqual(await app.call("app:run", "app:twins"), [
        "AlreadyExists",
        `an activity with the id "charge-1" has not ended yet`,
        "slept 20ms",
        "slept 1ms",
      ]);
      const on = (queue: Value): Promise<Value> =>
        app.call("app:run", "app:caller", { "activity.task_queue": queue }, "app:sleeper", "1ms");
      assert.equal(await on("orders"), "slept 1ms");
      assert.deepEqual(await on("others"), [
        "NotFound",
        `app:sleeper is registered with app:worker, which does not serve the task queue "others"`,
        false,
      ]);
      assert.deepEqual(await on(7), ["Invalid", "activity.task_queue must be a string", false]);
    })
  ));

test("a cancelled activity is over at once, or with wait_for_cancellation once it has ended [activity.opt.cancel] [undoc.temporal.errors]", () =>
  inFolder(async (folder) => {
    const entries = [
      CALLER,
      SLEEPER,
      lua(
        "workflow.lua",
        "gives_up",
        `local waits, target = ...
local future = funcs.new():with_options({ ["activity.wait_for_cancellation"] = waits, ["activity.disable_eager_execution"] = true })
  :async(target)
process.listen("begun"):receive()
future:cancel()
local value, ok = future:response():receive()
assert(future:is_canceled())
if ok and type(value) == "userdata" and value.kind then value = value:kind() .. " " .. value:message() .. " " .. tostring(value:retryable())
elseif ok then value = value:data() end
funcs.call("app:note", "got " .. tostring(value))
process.listen("go"):receive()
funcs.call("app:note", "still " .. tostring(value))`,
        ["funcs"],
      ),
      {
        ...lua(
          "process.lua",
          "tidies",
          `funcs.call("app:note", "begun") process.events():receive() funcs.call("app:note", "tidied") return "tidy"`,
          ["funcs"],
        ),
        meta: ACTIVITY,
      },
      lua("function.lua", "endless", `funcs.call("app:note", "begun") time.sleep("1h")`, ["funcs", "time"]),
    ];
    const cases: [waits: boolean, target: string, notes: string[]][] = [
      [true, "app:tidies", ["begun", "tidied", "got tidy"]],
      [true, "app:endless", ["begun", "got Canceled operation canceled false"]],
      [false, "app:endless", ["begun", "got Canceled operation canceled false"]],
      [false, "app:tidies", ["begun", "got Canceled operation canceled false", "tidied"]],
    ];
    for (const [i, [waits, target, notes]] of cases.entries()) {
      const own = `${folder}/${i}`;
      let pid = "";
      await withWorker(own, entries, async (app) => {
        pid = await app.call("app:start", "app:gives_up", waits, target) as string;
        await noted(app, "begun");
        await app.call("app:send", pid, "begun");
        await noted(app, ...notes);
        assert.deepEqual((await notesOf(app)).sort(), notes.toSorted());
      });
      await withWorker(own, entries, async (app) => {
        await app.call("app:send", pid, "go");
        await noted(app, "still");
        const got = notes.find((note) => note.startsWith("got"))!;
        assert.equal((await notesOf(app)).at(-1), got.replace("got", "still"));
        assert.equal((await notesOf(app)).length, notes.length + 1, "nothing is done again");
      });
    }
  }));

test("what was asked to end does not begin again when the program ends before it has [activity.opt.cancel]", () =>
  inFolder(async (folder) => {
    const entries = [
      lua(
        "workflow.lua",
        "asks",
        `local future = funcs.new():with_options({ ["activity.wait_for_cancellation"] = true }):async("app:stubborn")
process.listen("begun"):receive()
future:cancel()
funcs.call("app:note", "asked")
local err = future:response():receive()
funcs.call("app:note", "got " .. err:kind() .. " " .. err:message())`,
        ["funcs"],
      ),
      {
        ...lua(
          "process.lua",
          "stubborn",
          `local events = process.events() funcs.call("app:note", "begun") events:receive() events:receive()`,
          ["funcs"],
        ),
        meta: ACTIVITY,
      },
    ];
    await withWorker(folder, entries, async (app) => {
      const pid = await app.call("app:start", "app:asks") as string;
      await noted(app, "begun");
      await app.call("app:send", pid, "begun");
      await noted(app, "asked");
    });
    await withWorker(folder, entries, async (app) => {
      await noted(app, "got");
      assert.deepEqual(await notesOf(app), ["begun", "asked", "got Canceled operation canceled"]);
    });
  }));

test("an executor is built once, used for many calls, and never changes [activity.options.form]", () =>
  inFolder((folder) =>
    withWorker(folder, [
      SLEEPER,
      lua(
        "workflow.lua",
        "builds",
        `local base = funcs.new()
local bounded = base:with_options({ ["activity.start_to_close_timeout"] = "1s" })
local wider = bounded:with_options({ ["activity.start_to_close_timeout"] = "5s" })
local function ends(executor)
  local value, err = executor:call("app:sleeper", "3s")
  return err and err:kind() or value
end
return { ends(bounded), ends(base), ends(wider), ends(bounded), (bounded:call("app:sleeper", "500ms")) }`,
        ["funcs"],
      ),
    ], async (app) => {
      assert.deepEqual(await app.call("app:run", "app:builds"), [
        "Timeout",
        "slept 3s",
        "slept 3s",
        "Timeout",
        "slept 500ms",
      ]);
    }, { simulated: true })
  ));

test("options have the prefix temporal.activity as well; summary, priority and versioning_intent are options; others are refused [undoc.temporal.activity]", () =>
  inFolder((folder) =>
    withWorker(folder, [
      CALLER,
      SLEEPER,
      NARROW,
      narrow(
        lua("function.lua", "turn", `funcs.call("app:note", (...)) time.sleep("10ms")`, ["funcs", "time"]),
      ),
      lua(
        "workflow.lua",
        "queue",
        `local futures = {}
for i, priority in ipairs({ 3, 5, 1, { priority_key = 2 } }) do
  local executor = funcs.new():with_options({ ["activity.priority"] = priority, ["activity.summary"] = "turn " .. i, ["activity.versioning_intent"] = "compatible" })
  futures[i] = executor:async("app:turn", "turn " .. i)
end
for _, future in ipairs(futures) do future:response():receive() end`,
        ["funcs"],
      ),
    ], async (app) => {
      const call = (options: ValueMap): Promise<Value> =>
        app.call("app:run", "app:caller", options, "app:sleeper", "2s");
      assert.deepEqual(
        await call({ "temporal.activity.start_to_close_timeout": "1s" }),
        exceeded("start_to_close_timeout of 1000"),
      );
      await app.call("app:run", "app:queue");
      assert.deepEqual(await notesOf(app), ["turn 1", "turn 3", "turn 4", "turn 2"], "the first had begun");
      const [kind, message] = await call({ "activity.start_to_close": "1s" }) as string[];
      assert.equal(kind, "Invalid");
      assert.match(message!, /^unknown option activity\.start_to_close; there are start_to_close_timeout, /);
      for (const [option, wrong] of [["summary", 1], ["priority", 0], ["versioning_intent", {}]] as const) {
        const [kind, message] = await call({ [`activity.${option}`]: wrong }) as string[];
        assert.deepEqual([kind, message!.startsWith(`activity.${option} must be`)], ["Invalid", true]);
      }
    }, { simulated: true })
  ));
