/** Workers that stop, start and change while workflows wait for what runs there, and programs that end at every step. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { withApplication } from "../application.ts";
import { ACTIVITY, AUTO, inFolder, lua, noted, notesOf, withWorker } from "./worker.ts";

const other = (more: ValueMap = {}): ValueMap => ({
  name: "other",
  kind: "temporal.worker",
  client: "app:journal",
  task_queue: "others",
  lifecycle: AUTO,
  ...more,
});

/** An activity of the other worker. */
const elsewhere = (entry: ValueMap): ValueMap => ({
  ...entry,
  meta: { temporal: { activity: { worker: "app:other" } } },
});

test("an activity whose worker stops under it begins again when the worker does, also a changed one [activity.call]", () =>
  inFolder((folder) =>
    withWorker(folder, [
      other(),
      elsewhere(lua(
        "process.lua",
        "served",
        `funcs.call("app:note", "begun")
local order, events = process.listen("order"), process.events()
local r = channel.select({ order:case_receive(), events:case_receive() })
if r.channel == events then funcs.call("app:note", "stopped " .. r.value.reason) return end
return r.value`,
        ["funcs"],
      )),
      lua(
        "workflow.lua",
        "guest",
        `funcs.call("app:note", "ended " .. funcs.call("app:served"))`,
        ["funcs"],
      ),
      lua("function.lua", "serve", `for _, pid in ipairs(...) do process.send(pid, "order", "soup") end`),
    ], async (app) => {
      const { registry, supervisor } = app.application;
      const count = async (text: string): Promise<number> =>
        (await notesOf(app)).filter((note) => note.startsWith(text)).length;
      const begun = (times: number): Promise<unknown> =>
        app.until(async () => await count("begun") === times, `${times} beginnings`);
      await app.call("app:start", "app:guest");
      await begun(1);
      await supervisor.stop("app:other");
      assert.equal(await count("stopped"), 1);
      await supervisor.start("app:other");
      await begun(2);
      const { kind, meta, data } = registry.get("app:other")!;
      await registry.apply([{
        kind: "entry.update",
        entry: { id: "app:other", kind, meta, data: { ...data, task_queue: "more" } },
      }]);
      await begun(3);
      const pids = app.application.runtime.processes()
        .filter(({ entry }) => entry === "app:served").map(({ pid }) => pid);
      assert.equal(pids.length, 1);
      await app.call("app:serve", pids);
      await noted(app, "ended soup");
      assert.equal(await count("begun"), 3);
    })
  ));

test("a worker needs a client and a task queue [temporal.worker]", async () => {
  const refusal = async (fields: ValueMap): Promise<string> => {
    const entries = [{ name: "bad", kind: "temporal.worker", ...fields }];
    try {
      await withApplication(JSON.stringify({ version: "1.0", namespace: "app", entries }), async () => {}, {
        simulated: true,
      });
    } catch (error) {
      return (error as Error).message;
    }
    return "accepted";
  };
  assert.match(await refusal({ task_queue: "q" }), /app:bad: .*client/);
  assert.match(await refusal({ client: "app:journal" }), /app:bad: .*task_queue/);
  assert.match(
    await refusal({
      client: "app:journal",
      task_queue: "q",
      worker_options: { max_concurrent_activity_execution_size: -1 },
    }),
    /app:bad: worker_options.max_concurrent_activity_execution_size: expected a whole number/,
  );
  assert.match(
    await refusal({
      client: "app:journal",
      task_queue: "q",
      worker_options: { worker_activities_per_second: "many" },
    }),
    /app:bad: worker_options.worker_activities_per_second: expected a number/,
  );
});

test("a worker that stops and starts again goes on with its workflows [temporal.worker]", () =>
  inFolder((folder) =>
    withWorker(folder, [
      lua(
        "workflow.lua",
        "waits",
        `local id = uuid.v4() funcs.call("app:note", "first " .. id) process.listen("go"):receive() funcs.call("app:note", "second " .. id)`,
        ["funcs", "uuid"],
      ),
    ], async (app) => {
      const { supervisor } = app.application;
      const pid = await app.call("app:start", "app:waits") as string;
      await noted(app, "first");
      await supervisor.stop("app:worker");
      await assert.rejects(app.call("app:start", "app:waits"), /host is not running/);
      await supervisor.start("app:worker");
      await app.call("app:send", pid, "go");
      await noted(app, "second");
      const [first, second] = (await notesOf(app)).map((note) => note.split(" ")[1]);
      assert.equal(second, first);
    })
  ));

test("a retry is told of in the log, by the full id of the activity and the id that was chosen [temporal.activity.name] [activity.opt.id]", () =>
  inFolder((folder) =>
    withWorker(folder, [
      lua("function.lua", "fails", `return nil, errors.new({ message = "busy", kind = errors.UNAVAILABLE })`),
      lua(
        "workflow.lua",
        "tries",
        `funcs.new():with_options({
  ["activity.id"] = "charge-1", ["activity.summary"] = "charges the card",
  ["activity.retry_policy"] = { maximum_attempts = 2, initial_interval = 1 },
}):call("app:fails")`,
        ["funcs"],
      ),
    ], async (app) => {
      await app.call("app:run", "app:tries");
      const record = app.logs.find(({ message }) => message === "activity failed and is tried again");
      const { workflow, ...fields } = record!.fields as ValueMap;
      assert.match(String(workflow), /^\{app:worker\|/);
      assert.deepEqual(fields, {
        activity: "app:fails",
        id: "charge-1",
        summary: "charges the card",
        attempt: 2,
        error: "busy",
      });
    })
  ));

test("a contract's methods are activities in a workflow [activity.call]", () =>
  inFolder((folder) =>
    withWorker(folder, [
      { name: "greeter", kind: "contract.definition", methods: [{ name: "greet" }, { name: "part" }] },
      {
        name: "polite",
        kind: "contract.binding",
        contracts: [{ contract: "app:greeter", methods: { greet: "app:greets", part: "app:parts" } }],
      },
      lua("function.lua", "greets", `funcs.call("app:note", "greeted") return "Hello, " .. (...)`, ["funcs"]),
      { ...lua("function.lua", "parts", `return "Bye"`), meta: {} },
      lua(
        "workflow.lua",
        "meets",
        `local greeter = assert(contract.open("app:polite"))
local words = assert(greeter:greet("Ada"))
local none, err = greeter:part()
funcs.call("app:note", words .. " " .. err:kind())`,
        ["contract", "funcs"],
      ),
    ], async (app) => {
      await app.call("app:run", "app:meets");
      assert.deepEqual(await notesOf(app), ["greeted", "Hello, Ada NotFound"]);
    })
  ));

test("a program that ends after every step changes nothing of what workflows see [unit.workflow] [workflow.recorded]", () =>
  inFolder(async (folder) => {
    const entries = [
      lua(
        "workflow.lua",
        "long",
        `local seen = {}
for i = 1, 5 do
  local info = workflow.info()
  local at = { i, info.run_id:sub(1, 8), info.history_length, info.history_size, workflow.version("change " .. i, 1, i + 1) }
  at[#at + 1] = uuid.v4():sub(1, 8)
  at[#at + 1] = time.now():unix_nano()
  at[#at + 1] = funcs.new():with_options({ ["activity.retry_policy"] = { initial_interval = 1 } }):call("app:moody", i)
  at[#at + 1] = workflow.exec("app:child", i)
  workflow.attrs({ search = { step = i } })
  local timer = time.after("1ms")
  timer:receive()
  at[#at + 1] = channel.select({ process.listen("never"):case_receive(), time.after("1ms"):case_receive() }).ok and "time" or "other"
  seen[i] = "at " .. table.concat(at, " ")
  funcs.call("app:note", seen[i])
end
funcs.call("app:note", "all " .. table.concat(seen, ","))`,
        ["funcs", "time", "uuid", "workflow"],
      ),
      lua("workflow.lua", "child", `time.sleep("1ms") return "child" .. (...) .. uuid.v4():sub(1, 4)`, [
        "time",
        "uuid",
      ]),
      lua(
        "function.lua",
        "moody",
        `local i, tries = ..., 0
for _, note in ipairs(funcs.call("app:notes")) do if note == "try " .. i then tries = tries + 1 end end
funcs.call("app:note", "try " .. i)
if tries < 2 then return nil, errors.new({ message = "not yet", kind = errors.UNAVAILABLE }) end
return "mood" .. i`,
        ["funcs"],
      ),
    ];
    let known = 0;
    for (let round = 0; round < 60; round++) {
      let isOver = false;
      await withWorker(folder, entries, async (app) => {
        if (round === 0) await app.call("app:start", "app:long");
        await app.until(async () => (await notesOf(app)).length > known, "one more step");
        const notes = await notesOf(app);
        known = notes.length;
        isOver = notes.at(-1)!.startsWith("all ");
        if (!isOver) return;
        const seen = notes.at(-1)!.slice("all ".length).split(",");
        assert.equal(seen.length, 5);
        const steps = [...new Set(notes.filter((note) => note.startsWith("at ")))];
        assert.deepEqual(steps, seen, "each step saw what it saw the first time");
      });
      if (isOver) return;
    }
    assert.fail("it never came to an end");
  }));

test("an activity that is a process ends with its worker [activity.process]", () =>
  inFolder((folder) =>
    withWorker(folder, [
      {
        ...lua(
          "process.lua",
          "long",
          `local events = process.events() funcs.call("app:note", "begun") events:receive() funcs.call("app:note", "ended")`,
          ["funcs"],
        ),
        meta: ACTIVITY,
      },
      lua("workflow.lua", "caller", `funcs.call("app:long")`, ["funcs"]),
    ], async (app) => {
      await app.call("app:start", "app:caller");
      await noted(app, "begun");
      await app.application.supervisor.stop("app:worker");
      assert.deepEqual(await notesOf(app), ["begun", "ended"]);
    })
  ));

test("what fails because the program ends is no answer: it is done again [unit.workflow] [activity.call]", () =>
  inFolder(async (folder) => {
    const entries = [
      lua(
        "workflow.lua",
        "cautious",
        `local value, err = funcs.call("app:asks") funcs.call("app:note", "ended " .. tostring(value) .. " " .. tostring(err))`,
        ["funcs"],
      ),
      lua(
        "function.lua",
        "asks",
        `funcs.call("app:note", "begun") return process.exec("app:helper", "app:host")`,
        ["funcs"],
      ),
      // Hosts and databases stop beside the worker, or before it: it waits for those who need it.
      lua(
        "process.lua",
        "helper",
        `local help, events = process.listen("help"), process.events()
process.registry.register("helper")
local r = channel.select({ help:case_receive(), events:case_receive() })
if r.channel == events then return nil, errors.new({ message = "host stopped", kind = errors.UNAVAILABLE }) end
return r.value`,
      ),
      lua("process.lua", "needy", `process.events():receive() time.sleep("30ms")`, ["time"]),
      {
        name: "needing",
        kind: "process.service",
        process: "app:needy",
        host: "app:second",
        lifecycle: { auto_start: true, requires: ["app:worker"] },
      },
      { name: "second", kind: "process.host", lifecycle: AUTO },
      lua("function.lua", "help", `return process.send("helper", "help", "helped")`),
    ];
    await withWorker(folder, entries, async (app) => {
      await app.call("app:start", "app:cautious");
      await noted(app, "begun");
    });
    await withWorker(folder, entries, async (app) => {
      await app.until(async () => (await notesOf(app)).length === 2, "another beginning");
      await app.until(() => app.call("app:help").then(() => true, () => false), "its helper");
      await noted(app, "ended");
      assert.deepEqual(await notesOf(app), ["begun", "begun", "ended helped nil"]);
    });
  }));

test("a worker can be for activities alone, and is told of by its name", () =>
  inFolder((folder) =>
    withWorker(folder, [
      other({ worker_options: { disable_workflow_worker: true, identity: "hands" } }),
      elsewhere(lua("function.lua", "helps", `return "helped"`)),
      lua(
        "workflow.lua",
        "asks",
        `local pid, err = process.spawn("app:asks", "app:other") return { funcs.call("app:helps"), pid == nil and err:kind() }`,
        ["funcs"],
      ),
      lua(
        "function.lua",
        "start_there",
        `local pid, err = process.spawn("app:asks", "app:other") return { pid == nil, err:kind(), err:message() }`,
      ),
    ], async (app) => {
      assert.deepEqual(await app.call("app:run", "app:asks"), ["helped", "Invalid"]);
      assert.deepEqual(await app.call("app:start_there"), [
        true,
        "Unavailable",
        "app:other runs no workflows: its option disable_workflow_worker is set",
      ]);
      assert.equal(
        app.application.supervisor.state("app:other")?.details,
        "activity worker hands on others, 0 resumed",
      );
    })
  ));

test("activities begin no faster than a worker and its queue allow; 0 is no bound [temporal.worker.rates]", () =>
  inFolder((folder) => {
    const limited = (name: string, options: ValueMap): ValueMap => ({
      name,
      kind: "temporal.worker",
      client: "app:journal",
      task_queue: "limited",
      worker_options: options,
      lifecycle: AUTO,
    });
    const on = (name: string, worker: string): ValueMap => ({
      ...lua("function.lua", name, `return time.now():unix_nano() // 1000000`, ["time"]),
      meta: { temporal: { activity: { worker } } },
    });
    return withWorker(folder, [
      limited("slow", { worker_activities_per_second: 2 }),
      limited("left", { task_queue_activities_per_second: 5 }),
      limited("right", {
        task_queue_activities_per_second: 5,
        worker_activities_per_second: 0,
        worker_local_activities_per_second: 0,
      }),
      on("on_slow", "app:slow"),
      on("on_left", "app:left"),
      on("on_right", "app:right"),
      on("unbounded", "app:worker"),
      lua(
        "workflow.lua",
        "starts",
        `local futures, times = {}, {}
for i, target in ipairs(...) do futures[i] = funcs.async(target) end
for i, future in ipairs(futures) do times[i] = future:response():receive():data() end
table.sort(times)
for i = #times, 1, -1 do times[i] = times[i] - times[1] end
return times`,
        ["funcs"],
      ),
    ], async (app) => {
      const starts = (...targets: string[]): Promise<Value> => app.call("app:run", "app:starts", targets);
      assert.deepEqual(await starts("app:on_slow", "app:on_slow", "app:on_slow", "app:on_slow"), [
        0,
        500,
        1000,
        1500,
      ]);
      await app.world!.clock.settle();
      assert.deepEqual(await starts("app:on_left", "app:on_right", "app:on_left", "app:on_right"), [
        0,
        200,
        400,
        600,
      ]);
      assert.deepEqual(await starts("app:unbounded", "app:unbounded", "app:unbounded"), [0, 0, 0]);
    }, { simulated: true });
  }));
