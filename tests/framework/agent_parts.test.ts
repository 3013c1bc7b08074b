/** `wippy/agent`: traits, memory, and the calls of tools. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ValueMap } from "../../src/core/mod.ts";
import { agent, func, runAgents, tool, trait } from "./agent_project.ts";

const WEATHER = tool(
  "getWeather",
  { llm_description: "How it is", comment: "not told" },
  "return { degrees = 20, given = (...), unit = ctx.get('unit') }",
);
const NOW = tool("now", { llm_alias: "what_time", description: "Which time it is" }, "return 'noon'");
const text = (value: string) => ({ type: "text", text: value });

test("a trait brings text, tools and what is said and done at each step [agent.trait.entry] [agent.trait.ref] [agent.trait.build] [agent.trait.prompt_func] [agent.trait.step_func]", async () => {
  const result = await runAgents(
    [
      WEATHER,
      NOW,
      agent("other", {}),
      trait("polite", { prompt: "Be polite." }, { name: "Polite One" }),
      trait("builder", { tools: ["app:getWeather"], build_func_id: "app:build", context: { a: 1, b: 1 } }),
      trait("stepper", {
        prompt_func_id: "app:say",
        step_func_id: "app:count",
        context: { word: "default" },
      }),
      func(
        "build",
        `local spec, context = ...
return { prompt = "Built for " .. spec.name .. " with " .. context.a .. context.b, tools = { "app:now" }, delegates = { { id = "app:other", name = "ask_other" } }, agent_options = { max_tokens = 9 }, context = { c = 3 } }`,
      ),
      func("say", 'return "The word is " .. (...).word'),
      entryStore(),
      func(
        "count",
        'local s = store.get("app:store") local n = (s:get("n") or 0) + 1 s:set("n", n) s:release()',
        "[store]",
      ),
      func(
        "counted",
        'local s = store.get("app:store") local n = s:get("n") s:release() return n',
        "[store]",
      ),
      func("fails", 'error("trait is broken")'),
      trait("failing", { prompt_func_id: "app:fails" }),
    ],
    `local runner = assert(agents.new():load_agent({ id = "x", name = "X", prompt = "Base.", model = "one",
  traits = { "Polite One", { id = "builder", context = { b = 2 } }, { id = "app:stepper", context = { word = "blue" } } } }))
local request = asked(assert(runner:step("Hi")))
local call = assert(runner:step("call what_time")).tool_calls[1]
local _, missing = agents.new():load_agent({ id = "x", traits = { "nobody" } })
local failing = assert(agents.new():load_agent({ id = "x", model = "one", traits = { "failing" } }))
local _, failed = failing:step("Hi")
return { messages = request.messages, tools = #request.tools, options = request.options, context = call.context, counted = funcs.call("app:counted"), missing = missing, failed = failed:message():match("trait is broken") }`,
  );
  assert.deepEqual(result, {
    messages: [
      { role: "system", content: [text("Base.\n\nBe polite.\n\nBuilt for X with 12")] },
      { role: "cache_marker", content: [], marker_id: "default" },
      { role: "system", content: [text("The word is blue")] },
      { role: "user", content: [text("Hi")] },
    ],
    tools: 3,
    options: { max_tokens: 9, temperature: 0 },
    context: { a: 1, b: 2, c: 3 },
    counted: 2,
    missing: "Failed to load agent 'x': there is no trait nobody",
    failed: "trait is broken",
  });
});

function entryStore(): string {
  return "  - { name: store, kind: store.memory, lifecycle: { auto_start: true } }\n";
}

test("the trait of time tells date and time, rounded, in a zone [agent.trait.time]", async () => {
  const result = await runAgents(
    [],
    `local function told(trait)
  local runner = assert(agents.new():load_agent({ id = "x", model = "one", prompt = "P.", traits = { trait } }))
  return asked(assert(runner:step("Hi"))).messages[3].content[1].text
end
local now = time.now():unix()
local function at(minutes, zone)
  local seconds = now - now % (minutes * 60)
  return time.unix(seconds, 0):in_location(time.load_location(zone)):format("Monday, 2 January 2006, 15:04")
end
return { told("time_aware") == "It is " .. at(15, "UTC") .. " (UTC).",
  told("Time Aware") == told("wippy.agent.traits:time_aware"),
  told({ id = "time_aware", context = { timezone = "America/New_York", time_interval = 60 } }) == "It is " .. at(60, "America/New_York") .. " (America/New_York).",
  told({ id = "time_aware", context = { timezone = "Nowhere/Atall", time_interval = 0 } }):match("%(UTC%)%.$") }`,
  );
  assert.deepEqual(result, [true, true, true, "(UTC)."]);
});

test("memory is recalled within its limits and stands behind the conversation [agent.memory.contract] [agent.memory.opts] [agent.memory.inject] [agent.step.response] [agent.memory.static]", async () => {
  const result = await runAgents(
    [
      func(
        "recall",
        `local request = ...
local memories = {}
for i = 1, 5 do memories[i] = { id = "m" .. i, content = ctx.get("user") .. " memory " .. i .. " of " .. #request.recent_actions .. " after " .. #(request.previous_memories or {}) } end
return { memories = memories }`,
      ),
      '  - { name: memory, kind: contract.binding, contracts: [{ contract: "wippy.agent:memory", methods: { recall: recall } }] }\n',
      agent("a", {
        memory_contract: {
          implementation_id: "app:memory",
          context: { user: "ann" },
          options: { max_items: 2, recall_cooldown: 2 },
        },
      }),
      agent("short", {
        memory_contract: {
          implementation_id: "app:memory",
          context: { user: "ann" },
          options: { max_length: 25 },
        },
      }),
      agent("lost", { memory_contract: { implementation_id: "app:nothing" } }),
    ],
    `local conversation = prompt.new():add_user("One")
local runner = assert(agents.new():load_agent("app:a"))
local early = assert(runner:step(conversation)).memory_recall == nil
conversation:add_assistant("Two"):add_user("Three")
local second = assert(runner:step(conversation))
local messages = asked(second).messages
local third = assert(runner:step(conversation)).memory_recall == nil
local fourth = asked(assert(runner:step(conversation))).messages
local short = assert(assert(agents.new():load_agent("app:short")):step(conversation)).memory_recall
local _, lost = assert(agents.new():load_agent("app:lost")):step(conversation)
return { early = early, recall = second.memory_recall, last = messages[#messages], third = third, again = fourth[#fourth].content[1].text, short = short, lost = lost:message() }`,
  );
  const { lost, ...rest } = result as ValueMap;
  assert.match(lost as string, /app:nothing/);
  assert.deepEqual(rest, {
    early: true,
    recall: { count: 2, memory_ids: ["m1", "m2"] },
    last: {
      role: "developer",
      content: [text("What you remember:\n- ann memory 1 of 3 after 0\n- ann memory 2 of 3 after 0")],
    },
    third: true,
    again: "What you remember:\n- ann memory 1 of 3 after 2\n- ann memory 2 of 3 after 2",
    short: { count: 1, memory_ids: ["m1"] },
  });
});

test("calls are made one by one or at once; exclusive ones alone [agent.caller] [agent.caller.exclusive]", async () => {
  const result = await runAgents(
    [
      tool("echo", {}, "return { given = (...), who = ctx.get('who'), own = ctx.get('own') }"),
      tool("fails", {}, 'error("broken tool")'),
      tool("alone", { exclusive: true }, "return 'alone'"),
      tool("alone_too", { exclusive: true }, "return 'too'"),
    ],
    `local function call(id, name) return { id = id, name = name, registry_id = "app:" .. name, arguments = { n = id }, context = { own = id } } end
local results = {}
for _, strategy in ipairs({ "sequential", "parallel" }) do
  local c = caller.new():set_strategy(strategy)
  local valid = assert(c:validate({ call("a", "echo"), call("b", "fails"), call("c", "nothing"), call("d", "echo") }))
  local outcomes = c:execute({ who = "ann" }, valid)
  results[strategy] = { a = outcomes.a.result, call = outcomes.a.tool_call.name, b = outcomes.b.error:message():match("broken tool"), c = outcomes.c.error ~= nil, d = outcomes.d.result.given.n }
end
local c = caller.new()
local alone = assert(c:validate({ call("a", "echo"), call("b", "alone") }))
local _, two = c:validate({ call("a", "alone"), call("b", "alone_too") })
local _, odd = c:validate({ { id = "x" } })
return { results = results, alone = { #alone, alone[1].name, c:execute(nil, alone).b.result }, two = two:message(), odd = odd:message(), strategy = pcall(c.set_strategy, c, "random"), none = #assert(c:validate(nil)) }`,
  );
  const outcome = {
    a: { given: { n: "a" }, who: "ann", own: "a" },
    call: "echo",
    b: "broken tool",
    c: true,
    d: "d",
  };
  assert.deepEqual(result, {
    results: { sequential: outcome, parallel: outcome },
    alone: [1, "alone", "alone"],
    two: "exclusive tools can't be called together: alone and alone_too",
    odd: "a call has a registry_id",
    strategy: false,
    none: 0,
  });
});

test("a step may stream [agent.stream] [agent.step.opts]", async () => {
  const result = await runAgents(
    [],
    `local runner = assert(agents.new():load_agent({ id = "x", model = "one" }))
local words = process.listen("words")
local done = channel.new(1)
coroutine.spawn(function()
  local response, err = runner:step("stream", { stream_target = { reply_to = process.pid(), topic = "words" } })
  done:send({ response = response, err = err })
end)
local seen = {}
while true do
  local selected = channel.select({ words:case_receive(), done:case_receive() })
  if selected.channel == done then seen[#seen + 1] = selected.value.response.result break end
  if selected.value.type == "done" then seen[#seen + 1] = done:receive().response.result break end
  seen[#seen + 1] = selected.value.content
end
return seen`,
  );
  assert.deepEqual(result, ["Hello ", "world", "Hello world"]);
});

test("further contracts are there to be implemented [agent.contracts.other]", async () => {
  const methods = await runAgents(
    [],
    `local found = {}
for _, name in ipairs({ "run_context", "lifecycle", "checkpoint", "tool_wrapper", "memory", "resolver" }) do
  local names = {}
  for _, method in ipairs(assert(contract.get("wippy.agent:" .. name)):methods()) do names[#names + 1] = method.name end
  found[name] = table.concat(names, " ")
end
return found`,
  );
  assert.deepEqual(methods, {
    run_context: "get_context get_history get_prompt",
    lifecycle: "apply",
    checkpoint: "create",
    tool_wrapper: "apply",
    memory: "recall",
    resolver: "resolve",
  });
});
