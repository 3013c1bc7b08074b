--- Agents of the application: which there are, and what they say.

local json = require("json")

local TYPE = "agent.gen1"
--- An agent that goes on wanting tools is stopped.
local STEPS_MAX = 20

local M = {}

--- All agents.
function M.list(): (any, error?)
  local entries, err = sorted.find({["meta.type"] = TYPE})
  if entries == nil then return nil, err end
  local found = {}
  for i, entry in ipairs(entries) do
    found[i] = {
      id = entry.id,
      name = entry.meta.name,
      title = entry.meta.title,
      comment = entry.meta.comment,
      model = entry.data.model,
      traits = entry.data.traits,
      tools = entry.data.tools
    }
  end
  return {agents = found}
end

--- What an agent answers to a message, once it has called what it wanted to.
function M.ask(args: any): (any, error?)
  local agent, unknown = agents.new():load_agent(args.agent)
  if agent == nil then
    return nil, errors.new({kind = errors.NOT_FOUND, message = tostring(unknown)})
  end
  local conversation = prompt.new():add_user(args.message)
  local calls = caller.new()
  local called = {}
  for _ = 1, STEPS_MAX do
    local answer, err = agent:step(conversation)
    if answer == nil then return nil, err end
    if answer.tool_calls == nil then
      return {answer = answer.result, called = called, tokens = agent:get_stats().total_tokens}
    end
    local valid, refused = calls:validate(answer.tool_calls)
    if valid == nil then return nil, refused end
    local outcomes = calls:execute({}, valid)
    for _, call in ipairs(valid) do
      local outcome = outcomes[call.id]
      local text = outcome.error ~= nil and "Error: " .. tostring(outcome.error)
        or type(outcome.result) == "string" and outcome.result
        or json.encode(outcome.result)
      conversation:add_function_call(call.name, call.arguments, call.id)
      conversation:add_function_result(call.name, text, call.id)
      called[#called + 1] = call.name
    end
  end
  return nil, errors.new({
      kind = errors.INTERNAL,
      message = args.agent .. " wanted more tools after " .. STEPS_MAX .. " steps"
    })
end

return M
