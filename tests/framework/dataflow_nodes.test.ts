/** `wippy/dataflow`: what happens again, for many, when somebody says so, and within other flows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../src/core/mod.ts";
import { flowing, func, runFlow } from "./dataflow_project.ts";

test("a cycle keeps its state until its function has enough, or for so many times [dataflow.cycle] [dataflow.cycle.ctx] [dataflow.cycle.ret]", async () => {
  assert.deepEqual(
    await runFlow(
      `
local function cycle(config) return flow.create():with_input("in"):cycle(config):run() end
return {
  enough = cycle({ func_id = "app:count", max_iterations = 10, initial_state = { n = 5 } }),
  limited = cycle({ func_id = "app:count", max_iterations = 2 }),
  condition = cycle({ func_id = "app:count", max_iterations = 10, continue_condition = "state.n < 3" }),
  plain = cycle({ func_id = "app:upper_of", max_iterations = 10 }),
  template = cycle({ template = flow.template():func("app:grow"), max_iterations = 4, initial_state = {} }),
  stops = cycle({ template = flow.template():func("app:grow"):func("app:verdict"), max_iterations = 9 }),
  failed = select(2, cycle({ func_id = "app:fail" })),
}`,
      [
        func(
          "count",
          `local given = ...
local n = (given.state.n or 0) + 1
local seen = given.last_result or {}
seen[#seen + 1] = { given.iteration, given.input or "none" }
return { state = { n = n }, result = seen, continue = n < 7 }`,
        ),
        func("upper_of", `local given = ... return given.input:upper()`),
        func("grow", `local given = ... return (given.last_result or given.input) .. given.iteration`),
        func("verdict", `local text = ... return { result = text, continue = #text < 4 }`),
      ],
    ),
    {
      enough: [[1, "in"], [2, "none"]],
      limited: [[1, "in"], [2, "none"]],
      condition: [[1, "in"], [2, "none"], [3, "none"]],
      plain: "IN",
      template: "in1234",
      stops: "in12",
      failed: "cycle n1: it failed",
    },
  );
});

test("a template runs for every item, so many at once, and says how each went [dataflow.parallel] [dataflow.parallel.batch] [dataflow.parallel.key] [dataflow.parallel.error] [dataflow.parallel.filter] [dataflow.parallel.unwrap] [dataflow.parallel.pass]", async () => {
  const result = await runFlow(
    `
local template = flow.template():func("app:item", { inputs = { required = { "x", "secret" } } }):to("@success")
local function each(config)
  config.source_array_key = "items"
  config.iteration_input_key = "x"
  config.passthrough_keys = { "secret" }
  config.template = template
  return flow.create()
    :with_data({ 1, 2, 3, 4 }):to("p", "items")
    :with_data("s"):to("p", "secret")
    :parallel(config):as("p")
    :run()
end
local plain = flow.create():with_input({ list = { "a", "b" } }):parallel({ source_array_key = "list", unwrap = true, template = flow.template():func("app:upper"):to("@success") }):run()
return {
  all = each({}),
  successes = each({ filter = "successes", unwrap = true, batch_size = 3 }),
  failures = each({ filter = "failures", unwrap = true }),
  fast = select(2, each({ on_error = "fail_fast" })),
  plain = plain,
  none = flow.create():with_input({ list = {} }):parallel({ source_array_key = "list", template = flow.template():func("app:upper"):to("@success") }):run(),
  wrong = select(2, flow.create():with_input({ list = 5 }):parallel({ source_array_key = "list", template = flow.template():func("app:upper"):to("@success") }):run()),
}`,
    [
      func(
        "item",
        `local given = ... if given.x == 3 then return nil, "no three" end return given.secret .. given.x`,
      ),
    ],
  ) as ValueMap;
  assert.deepEqual(result, {
    all: [
      { index: 1, success: true, result: "s1" },
      { index: 2, success: true, result: "s2" },
      { index: 3, success: false, error: "function app:item: no three" },
      { index: 4, success: true, result: "s4" },
    ],
    successes: ["s1", "s2", "s4"],
    failures: ["function app:item: no three"],
    fast: 'parallel "p": item 3: function app:item: no three',
    plain: ["A", "B"],
    none: [],
    wrong: 'parallel n1: input "list" must be a list',
  });
});

test("as many items run at once as a batch has [dataflow.parallel.batch]", async () => {
  const most = async (size: number): Promise<unknown> =>
    await runFlow(
      `
local items = {}
for i = 1, 6 do items[i] = i end
flow.create():with_input({ list = items }):parallel({ source_array_key = "list", batch_size = ${size}, template = flow.template():func("app:busy"):to("@success") }):run()
local kept = funcs.call("app:most")
return kept`,
      [
        func(
          "most",
          `local s = store.get("app:marks") local most = s:get("most") return most`,
          "modules: [store]",
        ),
        func(
          "busy",
          `local s = store.get("app:marks")
local now = (s:get("now") or 0) + 1
s:set("now", now)
s:set("most", math.max(now, s:get("most") or 0))
time.sleep("30ms")
s:set("now", s:get("now") - 1)
return true`,
          "modules: [store, time]",
        ),
        "  - { name: marks, kind: store.memory, lifecycle: { auto_start: true } }\n",
      ],
    );
  assert.deepEqual([await most(1), await most(3)], [1, 3]);
});

test("a join waits for its inputs and gives them by key or in order [dataflow.join]", async () => {
  assert.deepEqual(
    await runFlow(
      `
local function join(config)
  return flow.create()
    :with_input("x"):to("slow"):to("fast"):to("gate", "triggered")
    :func("app:later"):as("slow"):to("gate", "one")
    :func("app:upper"):as("fast"):to("gate", "two")
    :join(config):as("gate")
    :run()
end
local required = { "one", "two" }
return {
  object = join({ inputs = { required = required }, ignored_keys = { "triggered" } }),
  array = join({ inputs = { required = required }, output_mode = "array" }),
}`,
      [func("later", `time.sleep("40ms") return "late"`)],
    ),
    { object: { one: "late", two: "X" }, array: ["x", "X", "late"] },
  );
});

test("a function within a flow hands its own flow over [dataflow.nested] [dataflow.start] [dataflow.cycle.ctx]", async () => {
  assert.deepEqual(
    await runFlow(
      `
local c = client.new()
local id = flow.create():with_input("a"):func("app:outer"):as("o"):start()
while c:get_status(id) == "running" do time.sleep("5ms") end
local nodes = c:nodes(id)
local paths = {}
for path, node in pairs(nodes) do paths[#paths + 1] = path .. "=" .. node.status end
table.sort(paths)
local review = flow.create():with_input({ task = "t" }):cycle({ func_id = "app:review", max_iterations = 5, initial_state = { task = "t" } }):run()
local each = flow.create():with_input({ list = { "p", "q" } }):parallel({ source_array_key = "list", unwrap = true, template = flow.template():func("app:outer"):to("@success") }):run()
local _, failed = flow.create():with_input("x"):func("app:bad"):run()
return { output = c:output(id), paths = paths, review = review, each = each, failed = failed, started = flow.create():with_input(1):func("app:starts"):run() }`,
      [
        flowing(
          "outer",
          `local text = ... return flow.create():with_input(text):func("app:upper"):func("app:twice"):run()`,
        ),
        flowing(
          "twice",
          `local text = ... return flow.create():with_input(text .. text):func("app:echo"):run()`,
        ),
        flowing("bad", `return flow.create():with_input("inner"):func("app:fail"):run()`),
        flowing("starts", `local id, why = flow.create():with_input(1):func("app:echo"):start() return why`),
        flowing(
          "review",
          `local given = ...
if given.last_result and given.last_result.approved then return { state = given.state, result = given.last_result, continue = false } end
return flow.create():with_input({ task = given.state.task, try = given.iteration }):func("app:approve"):run()`,
        ),
        func(
          "approve",
          `local given = ... return { approved = given.try == 3, try = given.try, task = given.task }`,
        ),
      ],
    ),
    {
      output: "AA",
      paths: [
        "n1/call=completed",
        "n1/n1/call=completed",
        "n1/n1=completed",
        "n1/n2/call=completed",
        "n1/n2/n1/call=completed",
        "n1/n2/n1=completed",
        "n1/n2=completed",
        "n1=completed",
      ],
      review: { approved: true, try: 3, task: "t" },
      each: ["PP", "QQ"],
      failed: "function app:bad: function app:fail: inner",
      started: "a flow within a dataflow can't be started: return flow:run() of it",
    },
  );
});

test("a signal is any data but nothing; the last one before somebody waits counts, and who came first gets it [dataflow.signal] [dataflow.signal.value] [dataflow.signal.early] [dataflow.signal.shared] [dataflow.client.api]", async () => {
  assert.deepEqual(
    await runFlow(`
local c = assert(client.new())
local function finished(id)
  local output, err = nil, nil
  for _ = 1, 400 do
    if c:get_status(id) ~= "running" then return c:output(id) end
    time.sleep("5ms")
  end
  return "still " .. c:get_status(id)
end
local values = {}
for i, value in ipairs({ "go", false, 0, "", { a = 1 } }) do
  local id = flow.create():with_input("draft"):signal({ signal_id = "s", metadata = { title = "Wait" } }):func("app:text"):start()
  assert(c:signal(id, "other", "ignored"))
  assert(c:signal(id, "s", value))
  values[i] = finished(id)
end
local early = assert(c:create_workflow(flow.create():signal({ signal_id = "s" }):compile()))
local pending = c:get_status(early)
assert(c:signal(early, "s", "first"))
assert(c:signal(early, "s", "second"))
local got = c:execute(early)
local shared = flow.create():with_input(1):to("a"):to("b")
  :signal({ signal_id = "s" }):as("a"):to("@success", "a")
  :signal({ signal_id = "s" }):as("b"):to("@success", "b"):start()
assert(c:signal(shared, "s", "one"))
while (c:nodes(shared).n1 or {}).status ~= "completed" do time.sleep("5ms") end
while c:nodes(shared).n2 == nil do time.sleep("5ms") end
local second = c:nodes(shared).n2.status
assert(c:signal(shared, "s", "two"))
local both = finished(shared)
local generated = flow.create():with_input(1):signal():as("by_name"):start()
while c:nodes(generated).n1 == nil do time.sleep("5ms") end
local made = c:nodes(generated).n1.signal_id
assert(c:signal(generated, made, "by id"))
local by_id = finished(generated)
local named = flow.create():with_input(1):signal({}):as("by_name"):start()
assert(c:signal(named, "by_name", "by name"))
local _, nothing = c:signal(early, "s", nil)
local _, over = c:signal(early, "s", 1)
local _, nowhere = c:signal("nowhere", "s", 1)
return { values = values, pending = pending, got = got, second = second, both = both, made = made:match("^%x+%-%x+%-7") ~= nil, by_id = by_id, by_name = finished(named), nothing = nothing:message(), over = over:kind(), nowhere = nowhere:kind() }`),
    {
      values: ['"go"', "false", "0", '""', '{"a":1}'],
      pending: "pending",
      got: "second",
      second: "paused",
      both: { a: "one", b: "two" },
      made: true,
      by_id: "by id",
      by_name: "by name",
      nothing: "a signal without data moves nothing",
      over: "Conflict",
      nowhere: "NotFound",
    },
  );
});

test("who waits within a graph that has failed takes no signal from others [dataflow.signal.shared] [dataflow.parallel.error]", async () => {
  assert.deepEqual(
    await runFlow(
      `
local c = assert(client.new())
local template = flow.template():join({}):as("item"):to("maybe"):to("wait")
  :func("app:maybe"):as("maybe"):to("@success", "maybe")
  :signal({ signal_id = "s" }):as("wait"):to("@success", "wait")
local id = flow.create():with_input({ list = { "bad", "good" } })
  :parallel({ source_array_key = "list", batch_size = 2, template = template }):start()
while (c:nodes(id)["n1/2/n3"] or {}).status ~= "paused" or (c:nodes(id)["n1/1/n2"] or {}).status ~= "failed" do time.sleep("5ms") end
assert(c:signal(id, "s", "for the good one"))
while c:get_status(id) == "running" do time.sleep("5ms") end
return c:output(id)`,
      [
        func(
          "maybe",
          `local given = ... time.sleep("20ms") if given.default == "bad" then return nil, "bad" end return "fine"`,
        ),
      ],
    ),
    [
      { index: 1, success: false, error: 'function "maybe": bad' },
      { index: 2, success: true, result: { maybe: "fine", wait: "for the good one" } },
    ],
  );
});

test("other branches go on while one waits, and the whole waits for it [dataflow.signal.parallel]", async () => {
  assert.deepEqual(
    await runFlow(`
local c = assert(client.new())
local id = flow.create():with_input("x"):to("quick"):to("gate")
  :func("app:upper"):as("quick"):to("@success", "quick")
  :signal({ signal_id = "ok" }):as("gate"):to("@success", "gate")
  :start()
while (c:nodes(id).n1 or {}).status ~= "completed" do time.sleep("5ms") end
time.sleep("30ms")
local before = c:get_status(id)
assert(c:signal(id, "ok", true))
while c:get_status(id) == "running" do time.sleep("5ms") end
return { before = before, output = c:output(id) }`),
    { before: "running", output: { quick: "X", gate: true } },
  );
});

test("a dataflow can be cancelled, which waits for what runs, or terminated, which does not [dataflow.client.api] [dataflow.status]", async () => {
  assert.deepEqual(
    await runFlow(
      `
local c = assert(client.new())
local function start() return flow.create():with_input("x"):func("app:long"):func("app:mark"):start() end
local cancelled = start()
while (c:nodes(cancelled)["n1/call"] or {}).status ~= "running" do time.sleep("5ms") end
local done, err = c:cancel(cancelled, "5s")
local waiting = flow.create():signal({ signal_id = "never" }):start()
while (c:nodes(waiting).n1 or {}).status ~= "paused" do time.sleep("5ms") end
local woken = c:cancel(waiting)
local busy = flow.create():with_input("x"):func("app:endless"):start()
while (c:nodes(busy)["n1/call"] or {}).status ~= "running" do time.sleep("5ms") end
local late, why = c:cancel(busy, "20ms")
local ended = c:terminate(busy)
local pending = c:create_workflow(flow.create():signal():compile())
local never = c:cancel(pending)
local _, again = c:terminate(pending)
local _, restarted = c:start(pending)
local _, output = c:output(busy)
return { done = done, status = c:get_status(cancelled), marked = c:nodes(cancelled).n2 == nil, woken = woken, late = late, why = why:kind(), retryable = why:retryable(), ended = ended, busy = c:get_status(busy), never = never, again = again:kind(), restarted = restarted:message():match("is cancelled$"), output = output:message() }`,
      [
        func("long", `time.sleep("100ms") return 1`),
        func("mark", "return 2"),
        func("endless", `time.sleep("1h") return 1`),
      ],
    ),
    {
      done: true,
      status: "cancelled",
      marked: true,
      woken: true,
      why: "Timeout",
      retryable: true,
      ended: true,
      busy: "terminated",
      never: true,
      again: "Conflict",
      restarted: "is cancelled",
      output: "the dataflow was terminated",
    },
  );
});
