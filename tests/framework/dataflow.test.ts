/** `wippy/dataflow`: graphs of functions, their routes and inputs. */
// services: postgres mariadb
import assert from "node:assert/strict";
import { test } from "node:test";
import { withApplication } from "../application.ts";
import { booted, dataflowProject, func, runFlow } from "./dataflow_project.ts";
import { TARGETS } from "./migration_project.ts";

test("nodes without routes feed each other, and the last one is the result [dataflow.create] [dataflow.linear] [dataflow.run] [dataflow.func] [dataflow.in.default] [dataflow.input]", async () => {
  assert.deepEqual(
    await runFlow(`
local result, err = flow.create():with_input("a"):func("app:upper"):func("app:text"):run()
local none, why = flow.create():with_input("x"):func("app:upper"):func("app:fail"):func("app:upper"):run()
local empty = flow.create():func("app:text"):run()
return { result = result, err = err, none = none == nil, why = why, empty = empty }`),
    {
      result: '"A"',
      none: true,
      why: "function app:fail: X",
      empty: "null",
    },
  );
});

test("routes carry outputs under keys, changed by expressions, when conditions hold [dataflow.as] [dataflow.to] [dataflow.when] [dataflow.data] [dataflow.in.named] [dataflow.in.many] [dataflow.expr]", async () => {
  assert.deepEqual(
    await runFlow(`
local named = flow.create()
  :with_input({ n = 1 }):to("both", "number", "input.n + 1"):to("alone", "only")
  :with_data({ "c" }):as("config"):to("both", "config"):to("alone2", "config")
  :func("app:echo"):as("both"):to("@success", "both")
  :func("app:echo"):as("alone"):to("@success", "alone")
  :func("app:echo"):as("alone2"):to("@success", "alone2")
  :run()
local function choose(category)
  return flow.create()
    :with_input({ category = category, items = { { id = 1 }, { id = 2 } } })
    :func("app:echo"):as("classify")
      :to("a"):when("output.category == 'a'")
      :to("b", nil, "map(output.items, {.id})"):when("output.category == 'b' && len(output.items) > 1")
      :to("c", nil, "{passed: true, feedback: nil}"):when("not (output.category in ['a', 'b'])")
    :func("app:text"):as("a"):to("@success")
    :func("app:text"):as("b"):to("@success")
    :func("app:text"):as("c"):to("@success")
    :run()
end
local _, nowhere = flow.create():with_input(1):func("app:echo"):as("x"):to("y"):when("output > 5"):func("app:echo"):as("y"):run()
local _, wrong = flow.create():with_input("t"):func("app:echo"):as("x"):to("y", nil, "output.a.b.c"):func("app:echo"):as("y"):run()
return { named = named, b = choose("b"), c = choose("z"), a = choose("a"):match("category") ~= nil, nowhere = nowhere, wrong = wrong ~= nil }`),
    {
      named: {
        both: { number: 2, config: ["c"] },
        alone: { only: { n: 1 } },
        alone2: { config: ["c"] },
      },
      b: "[1,2]",
      c: '{"passed":true}',
      a: true,
      nowhere: "nothing was routed to @success",
      wrong: true,
    },
  );
});

test("errors go where they are routed, and end what they are not routed from [dataflow.error_to] [dataflow.terminals]", async () => {
  assert.deepEqual(
    await runFlow(
      `
local joined = flow.create()
  :with_input("one planner is ill")
    :to("good", "task"):to("bad")
  :func("app:echo"):as("good"):to("all", "first"):error_to("all", "first")
  :func("app:fail"):as("bad"):to("all", "second"):error_to("all", "second", "upper(output)")
  :func("app:echo", { inputs = { required = { "first", "second" } } }):as("all")
  :run()
local _, failed = flow.create():with_input("x"):func("app:echo"):as("a"):to("@fail", nil, "'because of ' + output"):when("output == 'x'"):to("@success"):run()
local _, routed = flow.create():with_input("y"):func("app:fail"):error_to("@fail"):run()
local _, raised = flow.create():with_input("z"):func("app:raise"):run()
local _, missing = flow.create():with_input("z"):func("app:nowhere"):run()
return { joined = joined, failed = failed, routed = routed, raised = raised, missing = missing }`,
      [
        func("raise", `error("broken " .. ...)`),
      ],
    ),
    {
      joined: { first: { task: "one planner is ill" }, second: "ONE PLANNER IS ILL" },
      failed: "because of x",
      routed: "y",
      raised: "function app:raise: app:raise:2: broken z",
      missing: "function app:nowhere: no handler registered for target",
    },
  );
});

test("inputs lie over arguments, wait for what is required, and may be made by expressions [dataflow.in.args] [dataflow.in.required] [dataflow.transform]", async () => {
  assert.deepEqual(
    await runFlow(
      `
local args = flow.create():with_input("b"):to("api", "body"):func("app:echo", { args = { url = "u", body = "old" } }):as("api"):run()
local optional = flow.create()
  :with_input("x"):to("fast", "a"):to("slow")
  :func("app:slow"):as("slow"):to("fast2", "late")
  :func("app:echo", { inputs = { required = { "a" }, optional = { "late" } } }):as("fast"):to("fast2", "early")
  :func("app:echo", { inputs = { required = { "early" }, optional = { "late" } } }):as("fast2"):to("@success")
  :run()
local one = flow.create():with_input({ nested = { field = 5 } }):func("app:echo", { input_transform = "input.nested.field" }):run()
local many = flow.create()
  :with_input({ prompt = "p" }):to("step", "task")
  :with_data({ score = 0.9 }):to("step", "settings")
  :func("app:echo", { input_transform = { task = "inputs.task.prompt", level = "inputs.settings.score > 0.8 ? 'high' : 'normal'", whole = "input.prompt" } }):as("step")
  :run()
local over = flow.create():with_input(3):func("app:echo", { args = { a = 1, b = 2 }, input_transform = { b = "input" } }):as("step")
return { args = args, optional = optional, one = one, many = many, over = select(2, over:run()) }`,
      [
        func("slow", `time.sleep("50ms") return "late"`),
      ],
    ),
    {
      args: { url: "u", body: "b" },
      optional: { early: { a: "x" } },
      one: 5,
      many: { task: "p", level: "high", whole: "p" },
      over: 'function "step" has args, and takes nothing under "default": give the route a key',
    },
  );
});

test("functions get a context, and templates are what they are made of [dataflow.func] [dataflow.template] [dataflow.title] [dataflow.metadata] [dataflow.start] [dataflow.client.api] [dataflow.status]", async () => {
  assert.deepEqual(
    await runFlow(
      `
local clean = flow.template():func("app:upper"):func("app:echo", { metadata = { title = "Cleaned" } })
local used = flow.create():with_input("a"):use(clean):func("app:text"):run()
local context = flow.create():with_input(1):func("app:context", { context = { session = "s" } }):run()
local c = assert(client.new())
local id = assert(flow.create():with_title("A title"):with_metadata({ source = "api" }):with_input("b"):use(clean):as("last"):start())
while c:get_status(id) == "running" do time.sleep("5ms") end
local kept = store.get(id)
local nodes = c:nodes(id)
local untitled = store.get(assert(flow.create():with_input("b"):use(clean):start()))
return {
  used = used, context = context, status = c:get_status(id), output = c:output(id), title = kept.title, metadata = kept.metadata,
  actor = kept.actor_id, node = { nodes.n2.status, nodes.n2.title, nodes.n2.name, nodes.n2.output }, untitled = untitled.title,
}`,
      [
        func(
          "context",
          `return { session = ctx.get("session"), flow = type(ctx.get("dataflow_id")), node = ctx.get("node_id") }`,
        ),
      ],
    ),
    {
      used: '"A"',
      context: { session: "s", flow: "string", node: "n1" },
      status: "completed",
      output: "B",
      title: "A title",
      metadata: { source: "api" },
      actor: "ann",
      node: ["completed", "Cleaned", "last", "B"],
      untitled: "Flow Builder Workflow",
    },
  );
});

test("what is wrong with a graph is told before it runs [dataflow.valid.names] [dataflow.valid.opts]", async () => {
  const wrongs: Record<string, [string, RegExp]> = {
    twice: [`:with_input(1):func("app:echo"):as("a"):func("app:echo"):as("a")`, /two steps are called "a"/],
    unknown: [
      `:with_input(1):func("app:echo"):to("b")`,
      /function app:echo is routed to "b", which is no step/,
    ],
    loop: [
      `:with_input(1):to("a"):func("app:echo"):as("a"):to("b"):func("app:echo"):as("b"):to("a", "again")`,
      /the graph has a cycle through function "a"/,
    ],
    alone: [
      `:with_input(1):to("a"):func("app:echo"):as("a"):to("@success"):func("app:echo"):as("b"):to("@success")`,
      /function "b" has no input/,
    ],
    fruitless: [`:with_input(1):func("app:echo"):to("@fail")`, /no step leads to @success/],
    empty: [`:with_input(1)`, /the graph has no nodes/],
    both: [
      `:with_input(1):cycle({ func_id = "a", template = flow.template() })`,
      /cycle.* needs either func_id or template/,
    ],
    neither: [`:with_input(1):cycle({})`, /needs either func_id or template/],
    key: [
      `:with_input({}):parallel({ template = flow.template():func("app:echo"):to("@success") })`,
      /needs source_array_key/,
    ],
    template: [`:with_input({}):parallel({ source_array_key = "a" })`, /needs template/],
    success: [
      `:with_input({}):parallel({ source_array_key = "a", template = flow.template():func("app:echo") })`,
      /its template: a step must be routed to @success/,
    ],
    when: [
      `:with_data(1):to("a"):when("true"):func("app:echo"):as("a")`,
      /when stands behind a route of a node/,
    ],
    early: [`:with_input(1):func("app:echo"):when("true")`, /when stands behind a route of a node/],
    expression: [`:with_input(1):func("app:echo"):to("@success", nil, "1 +")`, /the transform of a route: /],
    transform: [`:with_input(1):func("app:echo", { input_transform = { a = ")" } })`, /input_transform\.a: /],
    required: [
      `:with_input(1):to("a", "x"):func("app:echo", { inputs = { required = { "y" } } }):as("a")`,
      /function "a" requires "y", which nothing brings/,
    ],
    exit: [
      `:with_input(1):agent("app:a", { arena = { tool_calling = "any" } })`,
      /tool_calling "any" needs an exit_schema/,
    ],
    none: [
      `:with_input(1):agent("app:a", { arena = { tool_calling = "none", exit_schema = {} } })`,
      /tool_calling "none" has no exit_schema/,
    ],
    dynamic: [`:with_input(1):agent("", {})`, /an agent without an id needs input_transform\.agent_id/],
    word: [`:with_input({}):join({ output_mode = "list" })`, /output_mode must be one of array, object/],
  };
  const body = `local told = {}
${
    Object.entries(wrongs).map(([name, [steps]]) =>
      `told.${name === "none" ? "none_" : name} = select(2, flow.create()${steps}:run())`
    )
      .join("\n")
  }
return told`;
  const told = await runFlow(body) as Record<string, string>;
  for (const [name, [, pattern]] of Object.entries(wrongs)) {
    assert.match(told[name === "none" ? "none_" : name]!, pattern, name);
  }
});

for (const target of TARGETS) {
  test(`${target.type}: dataflows are kept in the database of the application [dataflow.params]`, {
    skip: target.skip,
  }, async () => {
    const result = await runFlow(
      `
local c = assert(client.new())
local id = flow.create():with_metadata({ a = "ü" }):with_input("x"):to("all", "one"):to("wait")
  :func("app:upper"):as("wait"):to("s")
  :signal({ signal_id = "ok" }):as("s"):to("all", "two")
  :join({ inputs = { required = { "one", "two" } } }):as("all")
  :start()
assert(c:signal(id, "ok", { 1, "zwei" }))
while c:get_status(id) == "running" do time.sleep("5ms") end
local each = flow.create():with_input({ list = { 1, 2, 3, 4, 5, 6, 7, 8 } })
  :parallel({ source_array_key = "list", batch_size = 8, unwrap = true, template = flow.template():func("app:add"):to("@success") })
  :run()
return { output = c:output(id), metadata = store.get(id).metadata, each = each }`,
      [],
      { target },
    );
    assert.deepEqual(result, {
      output: { one: "x", two: [1, "zwei"] },
      metadata: { a: "ü" },
      each: [2, 3, 4, 5, 6, 7, 8, 9],
    });
  });
}

test("a dataflow belongs to somebody [dataflow.client]", async () => {
  const body = `local c, err = client.new()
local result, why = flow.create():with_input(1):func("app:echo"):run()
return { c = c ~= nil, kind = err and err:kind(), result = result, why = why }`;
  await withApplication(dataflowProject(body), async (app) => {
    await booted(app);
    assert.deepEqual(await app.call("app:body"), {
      c: false,
      kind: "PermissionDenied",
      why: "dataflows belong to somebody: a security actor is required",
    });
    assert.deepEqual(await app.call("app:run"), { c: true, result: 1 });
  }, { simulated: true });
});

test("pages of the application have an address [dataflow.env]", async () => {
  assert.equal(
    await runFlow(`return env.get("userspace.dataflow.env:web_host_origin")`),
    "https://front.wippy.ai",
  );
});
