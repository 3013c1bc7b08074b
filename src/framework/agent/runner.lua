--- The steps of an agent: one call of a model each.
---
--- RN1. A step calls no tools: it says which the model wants, and whoever asked calls them.
--- RN2. What stays the same stands first, and what changes by the step behind it: providers keep beginnings.

local contract = require("contract")
local funcs = require("funcs")

local MEMORY_OPTIONS = {
  max_items = 3,
  max_length = 1000,
  recall_cooldown = 1,
  min_conversation_length = 2
}
--- Messages that memory is asked with.
local RECENT_MAX = 5

local Runner = {}
Runner.__index = Runner

local function messages_of(conversation: any): {any}
  if type(conversation) == "string" then
    return prompt.new():add_user(conversation):get_messages()
  end
  if type(conversation) == "table" and type(conversation.get_messages) == "function" then
    return conversation:get_messages()
  end
  if type(conversation) == "table" and conversation.messages ~= nil then
    return conversation.messages
  end
  return type(conversation) == "table" and conversation or {}
end

--- What the traits say at this step.
local function told_by_traits(agent: any, context: any): ({string}?, any)
  local texts = {}
  for _, trait in ipairs(agent.traits) do
    local given = values.merged(context, trait.context)
    if trait.step_func_id ~= nil then
      local _, err = funcs.call(trait.step_func_id, given)
      if err ~= nil then return nil, err end
    end
    if trait.prompt_func_id ~= nil then
      local text, err = funcs.call(trait.prompt_func_id, given)
      if err ~= nil then return nil, err end
      if type(text) == "string" and text ~= "" then texts[#texts + 1] = text end
    end
  end
  return texts
end

local function text_of(message: any): string
  local texts = {}
  for _, part in ipairs(type(message.content) == "table" and message.content or {}) do
    if part.type == "text" then texts[#texts + 1] = part.text end
  end
  if type(message.content) == "string" then return message.content end
  return table.concat(texts, " ")
end

local function is_turn(message: any): boolean
  return message.role == "user" or message.role == "assistant"
end

--- What was said last, the newest at the end.
local function recent_of(messages: {any}): ({string}, integer)
  local turns = {}
  for _, message in ipairs(messages) do
    if is_turn(message) then turns[#turns + 1] = message.role .. ": " .. text_of(message) end
  end
  local recent = {}
  for i = math.max(1, #turns - RECENT_MAX + 1), #turns do recent[#recent + 1] = turns[i] end
  return recent, #turns
end

--- Memories as a text within their limits, and their ids.
local function memories_text(memories: any, options: any): (string?, {string})
  local lines, ids, length = {}, {}, 0
  for _, memory in ipairs(memories or {}) do
    local content = tostring(memory.content or "")
    if #lines >= options.max_items or length + #content > options.max_length then break end
    lines[#lines + 1] = "- " .. content
    ids[#ids + 1] = memory.id
    length = length + #content
  end
  if #lines == 0 then return nil, ids end
  return "What you remember:\n" .. table.concat(lines, "\n"), ids
end

--- What the memory of the agent brings to this step; nothing while it rests.
function Runner:recall(messages: {any}, context: any): (string?, any, any)
  local memory = self.agent.memory_contract
  if type(memory) ~= "table" or memory.implementation_id == nil then return nil end
  local options = values.merged(MEMORY_OPTIONS, memory.options)
  local recent, turns = recent_of(messages)
  local is_resting = self.recalled_at ~= nil
    and self.steps - self.recalled_at < options.recall_cooldown
  if is_resting or turns < options.min_conversation_length then return nil end
  local instance, err = contract.open(
    memory.implementation_id,
    values.merged(context, memory.context)
  )
  if instance == nil then return nil, nil, err end
  local answer, failed = instance:recall({
    recent_actions = recent,
    previous_memories = self.recalled_ids,
    constraints = {max_items = options.max_items, max_length = options.max_length},
  })
  if failed ~= nil then return nil, nil, failed end
  self.recalled_at = self.steps
  local text, ids = memories_text(type(answer) == "table" and answer.memories or nil, options)
  for _, id in ipairs(ids) do self.recalled_ids[#self.recalled_ids + 1] = id end
  return text, {count = #ids, memory_ids = ids}
end

--- The whole prompt of a step.
function Runner:prompt_of(messages: {any}, told: {string}, memory: string?): any
  local all: any = prompt.new()
  if self.agent.prompt ~= "" then
    all:add_system(self.agent.prompt)
    if self.cache then all:add_cache_marker() end
  end
  if #told > 0 then all:add_system(table.concat(told, "\n\n")) end
  local whole = all:get_messages()
  for _, message in ipairs(messages) do whole[#whole + 1] = message end
  if memory ~= nil then whole[#whole + 1] = prompt.new():add_developer(memory):get_messages()[1] end
  return whole
end

--- What the model may call, as it is told.
local function shown_tools(agent: any): any
  if #agent.tools == 0 then return nil end
  local shown = {}
  for _, tool in ipairs(agent.tools) do
    shown[#shown + 1] = {name = tool.name, description = tool.description, schema = tool.schema}
  end
  return shown
end

--- Puts the calls of a response in their places: tools, and delegates.
local function sort_calls(agent: any, response: any, context: any)
  local calls, delegate_calls = {}, {}
  for _, call in ipairs(response.tool_calls or {}) do
    local tool = agent.tools_by_name[call.name]
    if tool ~= nil and tool.agent_id ~= nil then
      delegate_calls[#delegate_calls + 1] = {
        id = call.id,
        name = call.name,
        arguments = call.arguments,
        agent_id = tool.agent_id,
        context = values.merged(context, tool.context),
      }
    else
      calls[#calls + 1] = {
        id = call.id,
        name = call.name,
        arguments = call.arguments,
        -- What a model has made up is called by its name, and is not there.
        registry_id = tool ~= nil and tool.registry_id or call.name,
        context = values.merged(context, tool ~= nil and tool.context or nil),
      }
    end
  end
  response.tool_calls = #calls > 0 and calls or nil
  response.delegate_calls = #delegate_calls > 0 and delegate_calls or nil
end

--- One step: what the model says to a conversation, and what it wants called.
function Runner:step(conversation: any, options: any): (any, any)
  local given = options or {}
  local agent = self.agent
  local context = values.merged(agent.context, self.base_context, given.context)
  self.steps = self.steps + 1
  local told, err = told_by_traits(agent, context)
  if told == nil then return nil, err end
  local messages = messages_of(conversation)
  local memory, recall, failed = self:recall(messages, context)
  if failed ~= nil then return nil, failed end
  local tools = shown_tools(agent)
  local response, refused = llm.generate(self:prompt_of(messages, told, memory), {
    model = agent.model,
    max_tokens = agent.max_tokens,
    temperature = agent.temperature,
    thinking_effort = (agent.thinking_effort or 0) > 0 and agent.thinking_effort or nil,
    tools = tools,
    tool_choice = tools ~= nil and given.tool_call or nil,
    stream = given.stream_target,
  })
  if response == nil then return nil, refused end
  self.total_tokens = self.total_tokens + (response.tokens.total_tokens or 0)
  sort_calls(agent, response, context)
  response.memory_recall = recall
  response.truncated = response.finish_reason == llm.FINISH_REASON.LENGTH
  return response
end

--- Which agent it is, and what it has used so far.
function Runner:get_stats(): any
  return {id = self.agent.id, name = self.agent.name, total_tokens = self.total_tokens}
end

local M = {}

--- A runner of a compiled agent; `options` hold the `context` of its steps, and whether prompts are marked for `cache`s.
function M.new(agent: any, options: any): any
  return setmetatable({
    agent = agent,
    base_context = options.context or {},
    cache = options.cache == true,
    steps = 0,
    total_tokens = 0,
    recalled_at = nil,
    recalled_ids = {},
  }, Runner)
end

return M
