/** `wippy/agent`: what agents are made of, and what their steps ask and give. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../src/core/mod.ts";
import { agent, func, runAgents, tool } from "./agent_project.ts";
import { PLACEHOLDER } from "./llm_server.ts";

const SCHEMA = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const WEATHER = tool(
  "getWeather",
  { input_schema: JSON.stringify(SCHEMA), llm_description: "How it is", comment: "not told" },
  "return { degrees = 20, given = (...), unit = ctx.get('unit') }",
);
const NOW = tool("now", { llm_alias: "what_time", description: "Which time it is" }, "return 'noon'");
const text = (value: string) => ({ type: "text", text: value });

test("an agent asks its model with its prompt and its settings [agent.entry] [agent.defaults] [agent.ctx.new] [agent.ctx.load] [agent.step] [agent.step.prompt]", async () => {
  const { full, plain, thinking } = await runAgents(
    [
      agent("full", {
        prompt: "You help.",
        model: "two",
        max_tokens: 77,
        temperature: 0.7,
        memory: ["Likes tea", "Is busy"],
      }),
      agent("plain", {}),
      agent("thinking", { thinking_effort: 30 }),
    ],
    `local results = {}
for _, name in ipairs({ "full", "plain", "thinking" }) do
  local runner = assert(agents.new():load_agent("app:" .. name))
  results[name] = asked(assert(runner:step(prompt.new():add_user("Hi"))))
end
return results`,
  ) as Record<string, ValueMap>;
  assert.deepEqual(full, {
    model: "real-two",
    options: { max_tokens: 77, temperature: 0.7 },
    messages: [
      { role: "system", content: [text("You help.\n\n## Your memory contains:\n- Likes tea\n- Is busy")] },
      { role: "cache_marker", content: [], marker_id: "default" },
      { role: "user", content: [text("Hi")] },
    ],
  });
  assert.deepEqual(plain!["options"], { max_tokens: 512, temperature: 0 });
  assert.deepEqual(thinking!["options"], { max_tokens: 512, thinking_effort: 30 });
});

test("an agent is found by id, by name, by the application, or is given as it is [agent.ctx.load] [agent.ctx.load.order] [agent.ctx.load.inline] [agent.ctx.resolver] [agent.registry]", async () => {
  const result = await runAgents(
    [
      agent("helper", {}, { name: "The Helper" }),
      func(
        "resolve",
        'local id = (...).agent_id if id == "custom:1" then return { id = id, name = "custom", prompt = "Custom.", model = "two" } end',
      ),
      '  - { name: own, kind: contract.binding, contracts: [{ contract: "wippy.agent:resolver", default: true, methods: { resolve: resolve } }] }\n',
    ],
    `local names = {}
for _, given in ipairs({ "app:helper", "The Helper", "custom:1", { id = "inline", prompt = "Inline.", model = "one" } }) do
  local context = agents.new()
  local runner = assert(context:load_agent(given))
  assert(context:get_current_agent() == runner)
  names[#names + 1] = runner:get_stats().id .. " " .. runner:get_stats().name
end
local _, err = agents.new():load_agent("app:nobody")
local _, broken = agents.new():load_agent({ id = "inline", tools = { "app:nothing" } })
local spec = assert(registry.get_by_id("app:helper"))
return { names = names, err = err, broken = broken, none = agents.new():get_current_agent() == nil,
  specs = { spec.prompt, registry.get_by_name("The Helper").id, select(2, registry.get_by_id("app:run")):message(), select(2, registry.get_by_name("x")):kind() } }`,
  );
  assert.deepEqual(result, {
    names: ["app:helper The Helper", "app:helper The Helper", "custom:1 custom", "inline inline"],
    err: "Failed to load agent 'app:nobody': there is no agent called app:nobody",
    broken: "Failed to load agent 'inline': there is no tool app:nothing",
    none: true,
    specs: ["You are helper.", "app:helper", "there is no agent app:run", "NotFound"],
  });
});

test("tools are told of by name, description and schema [agent.tools.ids] [agent.tools.wildcard] [agent.tools.alias] [agent.tool.entry] [agent.tool.name] [agent.tool.desc] [agent.tool.noschema]", async () => {
  const result = await runAgents(
    [WEATHER, NOW, tool("described", { comment: "A comment" }, "return 1")],
    `local function shown(tools)
  local runner = assert(agents.new():load_agent({ id = "x", model = "one", tools = tools }))
  return asked(assert(runner:step("Hi"))).tools
end
local _, twice = agents.new():load_agent({ id = "x", tools = { "app:now", { id = "app:getWeather", alias = "what_time" } } })
local _, odd = agents.new():load_agent({ id = "x", tools = { 7 } })
return { ids = shown({ "app:getWeather", "app:now" }), all = shown({ "app:*", "app:now" }), alias = shown({ { id = "app:getWeather", alias = "weather", description = "Own words" } }), none = shown({}) == nil, twice = twice, odd = odd }`,
  ) as Record<string, ValueMap[]>;
  const weather = { name: "get_weather", description: "How it is", schema: SCHEMA };
  const now = { name: "what_time", description: "Which time it is", schema: PLACEHOLDER };
  assert.deepEqual(result["ids"], [weather, now]);
  assert.deepEqual(result["all"]!.map(({ name, description }) => `${name}: ${description}`), [
    "described: A comment",
    "get_weather: How it is",
    "what_time: Which time it is",
  ]);
  assert.deepEqual(result["alias"], [{ ...weather, name: "weather", description: "Own words" }]);
  assert.deepEqual([result["none"], result["twice"], result["odd"]], [
    true,
    "Failed to load agent 'x': two tools are called what_time",
    "Failed to load agent 'x': a tool is an id, or a table with an id",
  ] as never);
});

test("a step says what the model wants called, and whoever asked calls it [agent.step.response] [agent.step.tool_calls] [agent.step.opts] [agent.exec] [agent.stats]", async () => {
  const result = await runAgents(
    [WEATHER, NOW, agent("helper", { tools: [{ id: "app:getWeather", context: { unit: "C" } }, "app:now"] })],
    `local runner = assert(agents.new({ context = { user = "ann" } }):load_agent("app:helper"))
local conversation = prompt.new():add_user("call get_weather made_up")
local first = assert(runner:step(conversation, { context = { session = "s1" }, tool_call = "any" }))
local call, made_up = first.tool_calls[1], first.tool_calls[2]
local executor = funcs.new():with_context(call.context)
local outcome = executor:call(call.registry_id, call.arguments)
local _, missing = funcs.call(made_up.registry_id, made_up.arguments)
conversation:add_function_call(call.name, call.arguments, call.id):add_function_result(call.name, json.encode(outcome), call.id)
conversation:add_user("And now?")
local second = assert(runner:step(conversation, { tool_call = "get_weather" }))
local request = asked(second)
return { call = call, made_up = made_up.registry_id, outcome = outcome, missing = missing ~= nil, finish = first.finish_reason, truncated = first.truncated,
  none = second.tool_calls == nil and second.delegate_calls == nil, choice = request.tool_choice, roles = #request.messages, stats = runner:get_stats() }`,
  );
  const { outcome, ...rest } = result as ValueMap;
  assert.deepEqual(outcome, { degrees: 20, given: { message: "go" }, unit: "C" });
  assert.deepEqual(rest, {
    call: {
      id: "c1",
      name: "get_weather",
      arguments: { message: "go" },
      registry_id: "app:getWeather",
      context: { user: "ann", session: "s1", unit: "C" },
    },
    made_up: "made_up",
    missing: true,
    finish: "tool_call",
    truncated: false,
    none: true,
    choice: "get_weather",
    roles: 6,
    stats: { id: "app:helper", name: "helper", total_tokens: 18 },
  });
});

test("delegates are tools to the model, and their calls stand apart [agent.delegates.entry] [agent.delegate.tool] [agent.step.delegate] [agent.ctx.add_delegates] [agent.ctx.delegate_cfg] [x.delegate]", async () => {
  const result = await runAgents(
    [
      NOW,
      agent("coder", {}),
      agent("coordinator", {
        tools: ["app:now"],
        delegates: [{ id: "app:coder", name: "ask_coder", rule: "for programming questions" }],
      }),
    ],
    `local context = agents.new()
context:add_delegates({ { id = "app:other", name = "ask_other", rule = "for the rest" } })
local runner = assert(context:load_agent("app:coordinator"))
local tools = asked(assert(runner:step("Hi"))).tools
local response = assert(runner:step("call ask_coder what_time ask_other"))
local hidden = agents.new({ delegate_tools = { enabled = false } })
local without = asked(assert(assert(hidden:load_agent("app:coordinator")):step("Hi"))).tools
hidden:configure_delegate_tools({ enabled = true })
local again = asked(assert(assert(hidden:load_agent("app:coordinator")):step("Hi"))).tools
local _, wrong = agents.new():load_agent({ id = "x", delegates = { { id = "app:coder" } } })
return { tools = { tools[2], #tools }, delegates = response.delegate_calls, calls = response.tool_calls, counts = { #without, #again }, wrong = wrong }`,
  );
  const { calls, delegates, ...rest } = result as Record<string, ValueMap[]>;
  assert.deepEqual(delegates, [
    { id: "c1", name: "ask_coder", arguments: { message: "go" }, agent_id: "app:coder", context: [] },
    { id: "c3", name: "ask_other", arguments: { message: "go" }, agent_id: "app:other", context: [] },
  ]);
  assert.deepEqual(calls!.map(({ name, registry_id }) => `${name} ${registry_id}`), ["what_time app:now"]);
  assert.deepEqual(rest, {
    tools: [{
      name: "ask_coder",
      description: "Hands over to another agent for programming questions.",
      schema: {
        type: "object",
        properties: {
          message: { type: "string", description: "What the other agent is to do or to answer." },
        },
        required: ["message"],
      },
    }, 3],
    counts: [1, 2],
    wrong: "Failed to load agent 'x': a delegate has an id and a name",
  } as never);
});

test("what is added acts on the next agent and goes with it; models change at once [agent.ctx.add_tools] [agent.ctx.switch] [agent.ctx.model] [agent.ctx.current] [agent.ctx.config] [agent.ctx.memory]", async () => {
  const result = await runAgents(
    [WEATHER, NOW, agent("a", {}), agent("b", {}), agent("broken", { tools: ["app:nothing"] })],
    `local context = agents.new()
local none = { context:switch_to_model("two") }
assert(context:load_agent("app:a"))
context:add_tools("app:now"):add_tools({ "app:getWeather" }):add_delegates({ id = "app:b", name = "ask_b" }):set_memory_contract({ implementation_id = "app:x" })
local before = asked(assert(context.current:step("Hi"))).tools == nil
local config = context:get_config()
context:set_memory_contract(nil)
local tools = #asked(assert(assert(context:load_agent("app:a")):step("Hi"))).tools
assert(context:switch_to_model("two"))
local model = asked(assert(context:get_current_agent():step("Hi"))).model
local failed = { context:switch_to_agent("app:broken") }
local kept = { context:get_config().current_agent_id, context:get_config().additional_tools_count }
assert(context:switch_to_agent("app:b", { model = "two" }))
local after = context:get_config()
return { none = none, before = before, config = config, tools = tools, model = model, failed = failed, kept = kept, after = after, wrong = { context:switch_to_model("") } }`,
  );
  const off = { has_context_merger: false, cache_enabled: true, delegate_tools_enabled: true };
  assert.deepEqual(result, {
    none: [false, "No agent is loaded"],
    before: true,
    config: {
      ...off,
      current_agent_id: "app:a",
      current_model: "one",
      additional_tools_count: 2,
      additional_delegates_count: 1,
      has_memory_contract: true,
    },
    tools: 3,
    model: "real-two",
    failed: [false, "Failed to load agent 'app:broken': there is no tool app:nothing"],
    kept: ["app:a", 2],
    after: {
      ...off,
      current_agent_id: "app:b",
      current_model: "two",
      additional_tools_count: 0,
      additional_delegates_count: 0,
      has_memory_contract: false,
    },
    wrong: [false, "A model is required"],
  });
});

test("the context goes to tools, and updates are merged as the application wants [agent.ctx.merger] [agent.ctx.new]", async () => {
  const result = await runAgents(
    [NOW, agent("a", { tools: ["app:now"] })],
    `local context = agents.new({ context = { n = 1, kept = true }, enable_cache = false })
local runner = assert(context:load_agent("app:a"))
local function seen() return assert(runner:step("call what_time")).tool_calls[1].context end
local first = seen()
context:update_context({ n = 2 })
local second = seen()
context:set_context_merger(function(known, updates) return { sum = known.n + updates.n } end):update_context({ n = 5 })
return { first, second, seen(), #asked(assert(runner:step("Hi"))).messages, context:get_config().has_context_merger }`,
  );
  assert.deepEqual(result, [{ n: 1, kept: true }, { n: 2, kept: true }, { sum: 7 }, 2, true]);
});
