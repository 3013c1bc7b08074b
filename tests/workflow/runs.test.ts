/** Runs that follow each other, and the time that they have. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import type { TestApplication } from "../application.ts";
import { inFolder, lua, noted, notesOf, withWorker } from "./worker.ts";

/** Starts an entry with options under an id; returns pid or error. */
const BEGIN = lua(
  "function.lua",
  "begin",
  `local entry, options = ...
local spawner = process.with_options(options)
local pid, err = spawner:spawn(entry, "app:worker", select(3, ...))
return pid or { kind = err:kind(), message = err:message() }`,
);

const AWAIT = lua(
  "function.lua",
  "await",
  `local pid, action = ...
assert(process.monitor(pid))
if action then process[action](pid) end
local event = process.events():receive()
local err = event.result.error
return { value = event.result.value, error = err and { err:kind(), err:message(), err:retryable() } }`,
);

/** Fails until it has been tried often enough; tells its attempt and its id of run. */
const FLAKY = lua(
  "workflow.lua",
  "flaky",
  `local needed, kind, retryable = ...
local info = workflow.info()
funcs.call("app:note", "attempt " .. info.attempt .. " " .. uuid.v4())
if info.attempt < needed then
  return nil, errors.new({ message = "attempt " .. info.attempt, kind = kind or errors.UNAVAILABLE, retryable = retryable })
end
return "worked at " .. info.attempt`,
  ["funcs", "workflow", "uuid"],
);

const option = (options: Record<string, Value>): ValueMap =>
  Object.fromEntries(Object.entries(options).map(([key, value]) => [`temporal.workflow.${key}`, value]));
const begin = (
  app: TestApplication,
  entry: string,
  options: Record<string, Value>,
  ...args: Value[]
): Promise<Value> => app.call("app:begin", entry, option(options), ...args);
const retry = (fields: Record<string, Value>): Record<string, Value> => ({
  retry_policy: { initial_interval: 1, maximum_interval: 2, ...fields },
});

test("a failed run is followed by others as the retry policy says, each with a history of its own [workflow.start.retry]", () =>
  inFolder((folder) =>
    withWorker(folder, [BEGIN, AWAIT, FLAKY], async (app) => {
      const end = async (options: Record<string, Value>, ...args: Value[]): Promise<ValueMap> =>
        await app.call("app:await", await begin(app, "app:flaky", options, ...args)) as ValueMap;
      assert.deepEqual(await end(retry({}), 3), { value: "worked at 3" });
      const notes = await notesOf(app);
      assert.deepEqual(notes.map((note) => note.split(" ")[1]), ["1", "2", "3"]);
      assert.equal(
        new Set(notes.map((note) => note.split(" ")[2])).size,
        3,
        "chance differs from run to run",
      );
      const failed = (attempt: number, kind: string, retryable?: boolean): ValueMap => ({
        error: [kind, `attempt ${attempt}`, ...(retryable === undefined ? [] : [retryable])],
      });
      assert.deepEqual(await end(retry({ maximum_attempts: 2 }), 9), failed(2, "Unavailable"));
      assert.deepEqual(
        await end(retry({ non_retryable_error_types: ["Conflict"] }), 9, "Conflict"),
        failed(1, "Conflict"),
      );
      assert.deepEqual(await end(retry({}), 9, "Conflict", false), failed(1, "Conflict", false));
      const late = retry({ initial_interval: "1h", maximum_interval: "1h" });
      assert.deepEqual(
        await end({ execution_timeout: "1m", ...late }, 9),
        failed(1, "Unavailable"),
        "a run that would begin after the time of all is none",
      );
      assert.deepEqual(await end({}, 9), failed(1, "Unavailable"));
    })
  ));

test("a run that waits for its turn is there after a restart; whoever monitors learns of the last end only [workflow.start.retry]", () =>
  inFolder(async (folder) => {
    const entries = [BEGIN, AWAIT, FLAKY];
    const options = { id: "flaky", ...retry({ initial_interval: 400, maximum_interval: 400 }) };
    let pid: Value;
    await withWorker(folder, entries, async (app) => {
      pid = await begin(app, "app:flaky", options, 2);
      await noted(app, "attempt 1");
    });
    await withWorker(folder, entries, async (app) => {
      assert.equal(await begin(app, "app:flaky", options, 2), pid);
      assert.deepEqual(await app.call("app:await", pid), { value: "worked at 2" });
      assert.equal((await notesOf(app)).length, 2);
    });
  }));

test("a child that is retried answers its parent once, and what a run left open reaches no other [workflow.start.retry]", () =>
  inFolder((folder) =>
    withWorker(folder, [
      FLAKY,
      lua(
        "workflow.lua",
        "parent",
        `local spawner = process.with_options({ ["temporal.workflow.retry_policy"] = { initial_interval = 1 } })
return (assert(spawner:exec("app:flaky", "app:worker", 3)))`,
      ),
      lua("function.lua", "slow", `time.sleep("20ms") return "slow"`, ["time"]),
      lua(
        "workflow.lua",
        "hasty",
        `local info = workflow.info()
if info.attempt == 1 then
  coroutine.spawn(function() funcs.call("app:slow") end)
  error("too early")
end
return funcs.call("app:note", "answered")`,
        ["funcs", "workflow"],
      ),
      lua(
        "function.lua",
        "hurry",
        `local spawner = process.with_options({ ["workflow.retry_policy"] = { initial_interval = "1ms" } })
return (assert(spawner:exec("app:hasty", "app:worker")))`,
      ),
    ], async (app) => {
      assert.equal(await app.call("app:run", "app:parent"), "worked at 3");
      assert.equal(await app.call("app:hurry"), "noted answered");
    })
  ));

test("execution and runs have their time, and a start may be put off [workflow.start.timeouts]", () =>
  inFolder(async (folder) => {
    const entries = [
      BEGIN,
      AWAIT,
      lua("workflow.lua", "endless", `funcs.call("app:note", "run") process.listen("never"):receive()`, [
        "funcs",
      ]),
      lua(
        "workflow.lua",
        "third",
        `if workflow.info().attempt < 3 then process.listen("never"):receive() end return "third"`,
        ["workflow"],
      ),
      lua(
        "workflow.lua",
        "delayed",
        `local at = ... return { late = time.now():unix_nano() // 1000000 - at, said = process.inbox():receive():topic() }`,
        ["time"],
      ),
      lua("function.lua", "now", `return time.now():unix_nano() // 1000000`, ["time"]),
    ];
    let waiting: Value, delayed: Value;
    await withWorker(folder, entries, async (app) => {
      const end = async (options: Record<string, Value>): Promise<ValueMap> =>
        await app.call("app:await", await begin(app, "app:endless", options)) as ValueMap;
      const timedOut = (what: string, ms: string): ValueMap => ({
        error: ["Timeout", `workflow ${what} timed out after ${ms}`, false],
      });
      assert.deepEqual(await end({ run_timeout: "30ms" }), timedOut("run", "30ms"));
      assert.deepEqual(await end({ execution_timeout: 40 }), timedOut("execution", "40ms"));
      assert.deepEqual(
        await app.call("app:await", await begin(app, "app:third", { run_timeout: "400ms", ...retry({}) })),
        { value: "third" },
        "a run whose time is up is followed by another",
      );
      waiting = await begin(app, "app:endless", { execution_timeout: 300 });
      delayed = await begin(app, "app:delayed", { start_delay: "300ms" }, await app.call("app:now"));
      await app.call("app:send", delayed, "early");
      const put = await begin(app, "app:endless", { start_delay: "1h" });
      assert.deepEqual(await app.call("app:await", put, "cancel"), {
        error: ["Canceled", "operation canceled", false],
      });
      assert.deepEqual(await begin(app, "app:endless", { run_timeout: "soon" }), {
        kind: "Invalid",
        message:
          `temporal.workflow.run_timeout: expected a duration such as "30s" or "1h", or a number of milliseconds, got "soon"`,
      });
    });
    await withWorker(folder, entries, async (app) => {
      const [late, out] = await Promise.all([
        app.call("app:await", delayed) as Promise<ValueMap>,
        app.call("app:await", waiting) as Promise<ValueMap>,
      ]);
      const { late: ms, said } = late["value"] as { late: number; said: string };
      assert.ok(ms >= 300 && said === "early", `${ms} ms, ${said}`);
      assert.deepEqual(out, { error: ["Timeout", "workflow execution timed out after 300ms", false] });
    });
  }));

test("a step that takes too long is tried again, and does not hold up others [workflow.start.timeouts]", () =>
  inFolder((folder) =>
    withWorker(folder, [
      BEGIN,
      AWAIT,
      lua("workflow.lua", "busy", `while true do end`),
      lua("workflow.lua", "quick", `return 1`),
    ], async (app) => {
      const busy = await begin(app, "app:busy", { task_timeout: "30ms" });
      await app.until(
        () => app.logs.find(({ message }) => message.includes("took longer than its 30 ms")),
        "the warning",
      );
      assert.equal(await app.call("app:run", "app:quick"), 1);
      assert.deepEqual(await app.call("app:await", busy, "terminate"), {
        error: ["Canceled", "workflow terminated", false],
      });
    })
  ));

test("children end with the run that started them, are asked to, or are left alone [workflow.start.parent]", () =>
  inFolder(async (folder) => {
    const entries = [
      lua(
        "workflow.lua",
        "child",
        `local name = ...
funcs.call("app:note", "born " .. name)
local inbox, events = process.inbox(), process.events()
local r = channel.select({ inbox:case_receive(), events:case_receive() })
local kind = r.channel == events and r.value.kind or r.value:topic()
funcs.call("app:note", name .. " got " .. kind)`,
        ["funcs"],
      ),
      lua(
        "workflow.lua",
        "parent",
        `local how = ...
local pids = {}
for _, policy in ipairs({ "default", "terminate", "abandon", "request_cancel" }) do
  local spawner = process.with_options({ ["temporal.workflow.parent_close_policy"] = policy ~= "default" and policy or nil })
  pids[policy] = assert(spawner:spawn("app:child", "app:worker", how .. " " .. policy))
end
funcs.call("app:note", "pids " .. json.encode(pids))
process.listen("end"):receive()
if how == "failing" then error("failed") end`,
        ["funcs", "json"],
      ),
    ];
    for (const how of ["ending", "failing", "terminated"]) {
      let parent = "";
      await withWorker(folder, entries, async (app) => {
        parent = await app.call("app:start", "app:parent", how) as string;
        await noted(
          app,
          ...["default", "terminate", "abandon", "request_cancel"].map((one) => `born ${how} ${one}`),
          "pids",
        );
      });
      await withWorker(
        folder,
        [...entries, lua("function.lua", "end", `process.terminate((...))`)],
        async (app) => {
          const pids = JSON.parse(
            (await notesOf(app)).findLast((note) => note.startsWith("pids"))!.slice(5),
          ) as Record<string, string>;
          if (how === "terminated") await app.call("app:end", parent);
          else await app.call("app:send", parent, "end");
          await noted(app, `${how} request_cancel got pid.cancel`);
          for (const gone of ["default", "terminate"]) {
            await assert.rejects(app.call("app:send", pids[gone]!, "hello"), /process not found/);
          }
          await app.call("app:send", pids["abandon"]!, "hello");
          await noted(app, `${how} abandon got hello`);
          const notes = await notesOf(app);
          assert.ok(
            !notes.some((note) => note.startsWith(`${how} default`) || note.startsWith(`${how} terminate`)),
          );
        },
      );
    }
  }));
