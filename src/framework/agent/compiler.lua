--- Specs of agents with everything that they name: tools, traits, delegates.
---
--- CM1. A spec that names what is not there does not compile: an agent without its tools would be another agent.
--- CM2. No two tools have one name; delegates are tools to the model.

local funcs = require("funcs")

local MAX_TOKENS = 512
local TEMPERATURE = 0
local DELEGATE_SCHEMA = {
  type = "object",
  properties = {
    message = {type = "string", description = "What the other agent is to do or to answer."}
  },
  required = {"message"},
}

--- What a trait does at each step.
type StepTrait = {id: string, prompt_func_id: string?, step_func_id: string?, context: any}

--- An agent that can take steps.
type Agent = {
  id: string,
  name: string,
  model: string?,
  max_tokens: number,
  temperature: number?,
  thinking_effort: number?,
  prompt: string,
  tools: {any},
  tools_by_name: any,
  traits: {StepTrait},
  memory_contract: any,
  context: any
}

local M = {}

local function add(agent: any, tool: any): error?
  if agent.tools_by_name[tool.name] ~= nil then
    local known = agent.tools_by_name[tool.name]
    -- The same tool twice, by itself and among all of its namespace, is one.
    if known.registry_id == tool.registry_id and known.agent_id == tool.agent_id then return nil end
    return errors.new({kind = errors.CONFLICT, message = "two tools are called " .. tool.name})
  end
  agent.tools_by_name[tool.name] = tool
  agent.tools[#agent.tools + 1] = tool
  return nil
end

local function add_tools(agent: any, references: any, context: any): error?
  for _, reference in ipairs(values.list_of(references)) do
    local found, err = tools.find(reference)
    if found == nil then return err end
    for _, tool in ipairs(found) do
      tool.context = values.merged(context, tool.context)
      local refused = add(agent, tool)
      if refused ~= nil then return refused end
    end
  end
  return nil
end

local function add_delegates(agent: any, delegates: any): error?
  for _, delegate in ipairs(values.list_of(delegates)) do
    if type(delegate) ~= "table"
      or type(delegate.id) ~= "string"
      or type(delegate.name) ~= "string" then
      return errors.new({kind = errors.INVALID, message = "a delegate has an id and a name"})
    end
    local err = add(agent, {
      name = delegate.name,
      description = "Hands over to another agent " .. tostring(delegate.rule or "") .. ".",
      schema = delegate.schema or DELEGATE_SCHEMA,
      agent_id = delegate.id,
      context = delegate.context or {},
    })
    if err ~= nil then return err end
  end
  return nil
end

--- Adds what a trait brings; the second value holds what its builder wants of the agent.
local function add_trait(agent: any, texts: {string}, reference: any, spec: any): (error?, any)
  local given = type(reference) == "string" and {id = reference} or reference
  if type(given) ~= "table" or type(given.id) ~= "string" then
    return errors.new({
      kind = errors.INVALID,
      message = "a trait is an id or a name, or a table with an id"
    })
  end
  local trait, missing = traits.find(given.id)
  if trait == nil then return missing end
  local context = values.merged(trait.context, given.context)
  if type(trait.prompt) == "string" and trait.prompt ~= "" then texts[#texts + 1] = trait.prompt end
  local err = add_tools(agent, trait.tools, context)
  if err ~= nil then return err end
  local built: any = {}
  if trait.build_func_id ~= nil then
    local result, failed = funcs.call(trait.build_func_id, spec, context)
    if failed ~= nil then return failed end
    built = type(result) == "table" and result or {}
    context = values.merged(context, built.context)
    if type(built.prompt) == "string" and built.prompt ~= "" then
      texts[#texts + 1] = built.prompt
    end
    err = add_tools(agent, built.tools, context)
    if err ~= nil then return err end
  end
  agent.traits[#agent.traits + 1] = {
    id = trait.id,
    prompt_func_id = trait.prompt_func_id,
    step_func_id = trait.step_func_id,
    context = context,
  }
  return nil, built
end

local function memory_text(memory: any): string?
  local items = values.list_of(memory)
  if #items == 0 then return nil end
  local lines = {"## Your memory contains:"}
  for _, item in ipairs(items) do lines[#lines + 1] = "- " .. tostring(item) end
  return table.concat(lines, "\n")
end

--- An agent of a spec. `extra` adds `tools` and `delegates`, and says whether delegates are `exposed`.
function M.compile(spec: any, extra: any): (Agent?, error?)
  local agent: any = {
    id = tostring(spec.id or spec.name or "inline"),
    name = tostring(spec.name or spec.id or "agent"),
    tools = {},
    tools_by_name = {},
    traits = {},
    context = spec.context or {},
  }
  local texts = {}
  if type(spec.prompt) == "string" and spec.prompt ~= "" then texts[#texts + 1] = spec.prompt end
  local err = add_tools(agent, spec.tools, {}) or add_tools(agent, extra.tools, {})
  if err ~= nil then return nil, err end
  local options = values.merged(spec)
  local delegates = {}
  for _, each in ipairs(values.list_of(spec.delegates)) do delegates[#delegates + 1] = each end
  for _, each in ipairs(values.list_of(extra.delegates)) do delegates[#delegates + 1] = each end
  for _, reference in ipairs(values.list_of(spec.traits)) do
    local refused, built = add_trait(agent, texts, reference, spec)
    if refused ~= nil then return nil, refused end
    for _, each in ipairs(values.list_of(built.delegates)) do delegates[#delegates + 1] = each end
    options = values.merged(options, built.agent_options)
  end
  if extra.exposed then
    err = add_delegates(agent, delegates)
    if err ~= nil then return nil, err end
  end
  local memory = memory_text(spec.memory)
  if memory ~= nil then texts[#texts + 1] = memory end
  agent.prompt = table.concat(texts, "\n\n")
  agent.model = options.model
  agent.max_tokens = tonumber(options.max_tokens) or MAX_TOKENS
  agent.thinking_effort = tonumber(options.thinking_effort)
  agent.temperature = tonumber(options.temperature)
  -- Models that think take no temperature of their own accord.
  if agent.temperature == nil and (agent.thinking_effort or 0) <= 0 then
    agent.temperature = TEMPERATURE
  end
  agent.memory_contract = extra.memory_contract or options.memory_contract
  return agent
end

return M
