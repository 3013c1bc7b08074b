--- An agent as a node: steps of its model, and the tools that it wants, until it has an answer.
---
--- AN1. Every step and every call of a tool is done once, also when the program ends in between.
--- AN2. What a tool or a check of the answer complains about is told to the agent, which goes on.

local funcs = require("funcs")
local json = require("json")

local ITERATIONS = 32
local EXIT = "finish"

local M = {}

local function text_of(value: any): string
  if type(value) == "string" then return value end
  return json.encode(value) or tostring(value)
end

--- The agent, with what the node says more of it.
local function load(node: graph.Node, id: string): (any, any)
  local config = node.config
  local arena = config.arena or {}
  local context = agents.new({context = arena.context})
  if arena.tool_calling ~= "none" then context:add_tools(arena.tools or {}) end
  local runner, err = context:load_agent(id, {model = config.model})
  if runner == nil then return nil, err end
  local agent = runner.agent
  if type(arena.prompt) == "string" and arena.prompt ~= "" then
    agent.prompt = agent.prompt == "" and arena.prompt or agent.prompt .. "\n\n" .. arena.prompt
  end
  if arena.tool_calling == "none" then
    agent.tools, agent.tools_by_name = {}, {}
  elseif arena.exit_schema ~= nil then
    local exit = {
      name = EXIT,
      description = "Ends the task: call this once, with the answer.",
      schema = arena.exit_schema,
      registry_id = EXIT,
      context = {},
      exclusive = true,
    }
    agent.tools[#agent.tools + 1] = exit
    agent.tools_by_name[EXIT] = exit
  end
  return runner
end

--- An answer that was looked at: what counts in its place, or a complaint.
local function checked(arena: any, answer: any): (any, string?)
  if arena.exit_func_id == nil then return answer end
  local accepted, err = funcs.call(arena.exit_func_id, answer)
  if err ~= nil then return nil, err:message() end
  if accepted == nil or accepted == true then return answer end
  if accepted == false then return nil, "the answer was refused" end
  return accepted
end

--- Runs the agent; `once` does something once in the life of the dataflow.
function M.run(run: any, node: graph.Node, input: any, path: string, once: any): (any, any)
  local arena = node.config.arena or {}
  local id, task = node.target, input
  if id == "" then
    if type(input) ~= "table" or type(input.agent_id) ~= "string" then
      return nil, "input_transform gave no agent_id"
    end
    id = input.agent_id
    task = values.merged(input)
    task.agent_id = nil
  end
  local runner, missing = load(node, id)
  if runner == nil then return nil, missing end
  local conversation = prompt.new():add_user(text_of(task))
  local calls: {any} = {}
  local function output_of(answer: any): any
    if not node.config.show_tool_calls then return answer end
    return {result = answer, tool_calls = calls}
  end
  local caller = tool_caller.new()
  local limit = arena.max_iterations or ITERATIONS
  for i = 1, limit do
    if run.is_cancelled then return nil, "cancelled" end
    local step, err = once(
      run,
      path .. "/step" .. i,
      {type = "step", name = id},
      function(): (any, any)
        local response, refused = runner:step(conversation, {
          tool_call = arena.tool_calling == "any" and "any" or nil
        })
        if response == nil then return nil, refused end
        return {
          result = response.result,
          tool_calls = response.tool_calls,
          tokens = response.tokens
        }
      end
    )
    if step == nil then return nil, err or "the model gave nothing" end
    if step.tool_calls == nil then
      local is_early = i < (arena.min_iterations or 1)
      if arena.exit_schema == nil and not is_early then
        local answer, complaint = checked(arena, step.result)
        if complaint == nil then return output_of(answer) end
        conversation:add_assistant(text_of(step.result))
        conversation:add_user("The answer was not accepted: " .. complaint)
      else
        conversation:add_assistant(text_of(step.result))
        conversation:add_developer(
          is_early and "Go on: look at the task once more."
            or "End the task by calling " .. EXIT .. " with the answer."
        )
      end
    else
      if type(step.result) == "string" and step.result ~= "" then
        conversation:add_assistant(step.result)
      end
      for j, wanted in ipairs(step.tool_calls) do
        conversation:add_function_call(wanted.name, wanted.arguments, wanted.id)
        if wanted.name == EXIT and arena.exit_schema ~= nil then
          local answer, complaint = checked(arena, wanted.arguments)
          if complaint == nil and i >= (arena.min_iterations or 1) then return output_of(answer) end
          conversation:add_function_result(
            EXIT,
            complaint or "too early: look at the task once more",
            wanted.id
          )
        else
          local outcome = once(
            run,
            path .. "/step" .. i .. "/tool" .. j,
            {type = "tool", name = wanted.name},
            function(): any
              local made = caller:execute(arena.context or {}, {wanted})[wanted.id]
              return {result = made.result, error = made.error and tostring(made.error) or nil}
            end
          )
          calls[#calls + 1] = {
            name = wanted.name,
            arguments = wanted.arguments,
            result = outcome.result,
            error = outcome.error,
          }
          conversation:add_function_result(
            wanted.name,
            outcome.error and "error: " .. outcome.error or text_of(outcome.result),
            wanted.id
          )
        end
      end
    end
  end
  return nil, "agent " .. id .. " found no end in " .. limit .. " iterations"
end

return M
