/** `wippy/dataflow`: agents as nodes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Value, ValueMap } from "../../src/core/mod.ts";
import { agent, tool } from "./agent_project.ts";
import { flowing, func, runFlow } from "./dataflow_project.ts";
import { model } from "./llm_project.ts";
import { entry } from "../lua_entries.ts";

/** A provider that plays a script: one list of steps for each model, read by how many answers the conversation has. */
function scripted(steps: Record<string, Value>): string[] {
  const script = JSON.stringify(JSON.stringify(steps));
  return [
    entry(
      "script",
      "function.lua",
      `return { main = function(request)
  local said = 0
  local texts = {}
  for _, message in ipairs(request.messages) do
    if message.role == "assistant" or message.role == "function_call" then said = said + 1 end
    local content = message.content
    local text = type(content) == "string" and content or content[1] and content[1].text or ""
    if message.role ~= "cache_marker" then texts[#texts + 1] = message.role .. ": " .. text end
  end
  local names = {}
  for i, tool in ipairs(request.tools or {}) do names[i] = tool.name end
  table.sort(names)
  local steps = json.decode(${script})[request.model]
  local step = steps[said + 1] or steps[#steps]
  if step.show then return { success = true, result = { content = json.encode({ texts = texts, tools = names, choice = request.tool_choice }) }, tokens = { total_tokens = 1 }, finish_reason = "stop" } end
  return { success = true, result = { content = step.text or "", tool_calls = step.calls }, tokens = { total_tokens = 1 }, finish_reason = step.calls and "tool_call" or "stop" }
end }`,
      "method: main\nmodules: [json]",
    ),
    `  - name: script_driver
    kind: contract.binding
    contracts: [{ contract: "wippy.llm:generator", methods: { generate: script } }]
  - name: script_provider
    kind: registry.entry
    meta: { type: llm.provider, name: script }
    driver: { id: "app:script_driver" }
`,
    ...Object.keys(steps).map((name) =>
      model(`m_${name}`, {}, { providers: [{ id: "app:script_provider", provider_model: name }] })
    ),
    ...Object.keys(steps).map((name) => agent(name, { model: `m_${name}` })),
  ];
}

const call = (name: string, given: ValueMap, id = "c1"): ValueMap => ({ id, name, arguments: given });
const SCHEMA = `{ type = "object", properties = { title = { type = "string" } }, required = { "title" } }`;

test("an agent answers, with its model, its prompt and its tools as the node says [dataflow.agent] [dataflow.agent.calling]", async () => {
  const steps = {
    plain: [{ text: "an answer" }],
    other: [{ show: true }],
    tools: [{ calls: [call("weather", { city: "Rome" }), call("broken", {}, "c2")] }, { show: true }],
    silent: [{ show: true }],
  };
  const result = await runFlow(
    `
local function ask(id, options, input) return flow.create():with_input(input or "q"):agent(id, options):run() end
return {
  plain = ask("app:plain"),
  model = ask("app:plain", { model = "m_other", arena = { prompt = "More." } }, { topic = "t" }),
  tools = ask("app:tools", { arena = { tools = { "app:weather", "app:broken" } }, show_tool_calls = true }),
  none = ask("app:silent", { arena = { tools = { "app:weather" }, tool_calling = "none" } }),
  missing = select(2, ask("app:nobody")),
}`,
    [
      ...scripted(steps),
      tool(
        "weather",
        { llm_alias: "weather", input_schema: { type: "object" } },
        `local given = ... return "sunny in " .. given.city`,
      ),
      tool("broken", { llm_alias: "broken", input_schema: { type: "object" } }, `return nil, "no idea"`),
    ],
  ) as ValueMap;
  assert.equal(result["plain"], "an answer");
  assert.deepEqual(JSON.parse(result["model"] as string), {
    texts: ["system: You are plain.\n\nMore.", 'user: {"topic":"t"}'],
    tools: [],
  });
  const { result: shown, tool_calls: calls } = result["tools"] as { result: string; tool_calls: Value };
  const { tools, texts } = JSON.parse(shown) as { tools: string[]; texts: string[] };
  assert.deepEqual(tools, ["broken", "weather"]);
  assert.ok(texts.some((text) => /sunny in Rome/.test(text)), texts.join("|"));
  assert.ok(texts.some((text) => /error: .*no idea/.test(text)), texts.join("|"));
  assert.deepEqual(calls, [
    { name: "weather", arguments: { city: "Rome" }, result: "sunny in Rome" },
    { name: "broken", arguments: {}, error: "no idea" },
  ]);
  assert.deepEqual(JSON.parse(result["none"] as string).tools, []);
  assert.match(result["missing"] as string, /^agent app:nobody: Failed to load agent 'app:nobody'/);
});

test("an agent ends with data of a schema, which a function may refuse [dataflow.agent.exit] [dataflow.agent.calling] [dataflow.agent]", async () => {
  const finish = (title: string): ValueMap => ({ calls: [call("finish", { title })] });
  const steps = {
    any: [{ text: "hm" }, finish("bad"), finish("good")],
    stubborn: [finish("bad")],
    early: [finish("first"), finish("second"), finish("third")],
    wordy: [{ text: "one" }, { text: "two" }],
  };
  const result = await runFlow(
    `
local function ask(id, arena) return flow.create():with_input("q"):agent(id, { arena = arena }):run() end
return {
  any = ask("app:any", { tool_calling = "any", exit_schema = ${SCHEMA}, exit_func_id = "app:check" }),
  auto = ask("app:early", { exit_schema = ${SCHEMA}, min_iterations = 2 }),
  stubborn = select(2, ask("app:stubborn", { tool_calling = "any", exit_schema = ${SCHEMA}, exit_func_id = "app:check", max_iterations = 3 })),
  wordy = ask("app:wordy", { min_iterations = 2 }),
}`,
    [
      ...scripted(steps),
      func(
        "check",
        `local answer = ... if answer.title == "bad" then return nil, "not this title" end return { title = answer.title:upper() }`,
      ),
    ],
  );
  assert.deepEqual(result, {
    any: { title: "GOOD" },
    auto: { title: "second" },
    stubborn: "agent app:stubborn: agent app:stubborn found no end in 3 iterations",
    wordy: "two",
  });
});

test("which agent it is may come with the input [dataflow.agent.dynamic] [dataflow.parallel]", async () => {
  const result = await runFlow(
    `
local template = flow.template():agent("", {
  inputs = { required = { "spec", "task" } },
  input_transform = { agent_id = "inputs.spec.agent_id", task = "inputs.task" },
}):to("@success")
local both = flow.create()
  :with_data({ { agent_id = "app:first" }, { agent_id = "app:second" } }):to("p", "specs")
  :with_data("do it"):to("p", "task")
  :parallel({ source_array_key = "specs", iteration_input_key = "spec", passthrough_keys = { "task" }, batch_size = 2, unwrap = true, template = template }):as("p")
  :run()
local _, none = flow.create():with_input({}):agent("", { input_transform = { agent_id = "input.nobody" } }):run()
return { both = both, none = none }`,
    scripted({ first: [{ show: true }], second: [{ text: "second" }] }),
  ) as ValueMap;
  const [first, second] = result["both"] as string[];
  assert.deepEqual(JSON.parse(first!).texts, ["system: You are first.", 'user: {"task":"do it"}']);
  assert.equal(second, "second");
  assert.equal(result["none"], "agent n1: input_transform gave no agent_id");
});

test("a tool of an agent may run a flow of its own [dataflow.nested]", async () => {
  const steps = { boss: [{ calls: [call("work", {})] }, { text: "done" }] };
  const result = await runFlow(
    `return flow.create():with_input("q"):agent("app:boss", { arena = { tools = { "app:work" } }, show_tool_calls = true }):run()`,
    [
      ...scripted(steps),
      flowing("work_flow", `return flow.create():with_input("w"):func("app:upper"):run()`),
      tool(
        "work",
        { llm_alias: "work", input_schema: { type: "object" } },
        `return require("funcs").call("app:work_flow")`,
      )
        .replace("modules: [ctx]", "modules: [ctx, funcs]"),
    ],
  );
  assert.deepEqual(result, { result: "done", tool_calls: [{ name: "work", arguments: {}, result: "W" }] });
});
