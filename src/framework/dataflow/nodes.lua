--- What nodes do.

local funcs = require("funcs")
local uuid = require("uuid")

local CYCLES = 10
local BATCH = 1

--- How a graph within a node is walked.
type Walk = (run: any, commands: any, given: any, path: string) -> (any, string?)

local M = {}

local function text_of(err: any): string
  if type(err) == "string" then return err end
  local ok, message = pcall(function(): string return err:message() end)
  return ok and message or tostring(err)
end

--- Does something once in the life of a dataflow; what it gives is data.
local function once(run: any, path: string, facts: any, act: () -> (any, any)): (any, any)
  local known = run.memo[path]
  if known ~= nil and known.status == "completed" then return known.output end
  if known ~= nil and known.status == "failed" then return nil, known.error end
  local note = {
    type = facts.type,
    name = facts.name,
    title = facts.title,
    status = "running",
    output = nil,
    error = nil
  }
  assert(store.note(run.id, path, note))
  local output, err = act()
  if err ~= nil and (run.is_cancelled or run.is_ending) then return nil, err end
  note.status = err == nil and "completed" or "failed"
  note.output = output
  note.error = err ~= nil and text_of(err) or nil
  assert(store.note(run.id, path, note))
  return output, note.error
end

--- Calls a function; the graph that it may give in place of an output is walked.
local function call(run: any, path: string, id: string, input: any, context: any, walk: Walk): (
  any,
  any,
  boolean
)
  local output, err = once(run, path .. "/call", {type = "call", name = id}, function(): (any, any)
    return funcs.new():with_context(
      values.merged(context, {dataflow_id = run.id, node_id = path})
    ):call(id, input)
  end)
  if err ~= nil then return nil, err, false end
  if type(output) ~= "table" or type(output._control) ~= "table" then return output, nil, false end
  local result, failed = walk(run, output._control.commands, nil, path .. "/")
  return result, failed, true
end

local EXECUTE: {
  [string]: (run: any, node: graph.Node, input: any, path: string, walk: Walk) -> (any, any)
} = {}

EXECUTE["function"] = function(run, node, input, path, walk)
  local output, err = call(run, path, node.target, input, node.config.context, walk)
  return output, err
end

EXECUTE.agent = function(run, node, input, path, _)
  return agent_node.run(run, node, input, path, once)
end

--- One time round: its state, its result, and whether it wants to go on.
local function round(run: any, node: graph.Node, given: any, path: string, walk: Walk): (any, any)
  local config = node.config
  local output, err, is_nested
  if config.func_id ~= nil then
    output, err, is_nested = call(run, path, config.func_id, given, config.context, walk)
  else
    output, err = walk(run, config.template, {default = given}, path .. "/")
    is_nested = true
  end
  if err ~= nil then return nil, err end
  local said = type(output) == "table"
    and (output.state ~= nil or output.result ~= nil or output.continue ~= nil)
  if not said then return {state = given.state, result = output, goes_on = is_nested} end
  local state = output.state
  if state == nil then state = given.state end
  local goes_on = output.continue == true
  if output.continue == nil then goes_on = is_nested == true end
  return {state = state, result = output.result, goes_on = goes_on}
end

EXECUTE.cycle = function(run, node, input, path, walk)
  local config = node.config
  local state, last = config.initial_state, nil
  if state == nil then state = {} end
  for i = 1, config.max_iterations or CYCLES do
    local given = {
      input = i == 1 and input or nil,
      state = state,
      last_result = last,
      iteration = i
    }
    local done, err = round(run, node, given, path .. "/" .. i, walk)
    if err ~= nil then return nil, err end
    state, last = done.state, done.result
    local goes_on = done.goes_on
    if config.continue_condition ~= nil then
      local env = {
        state = state,
        result = last,
        last_result = last,
        output = last,
        iteration = i,
        input = input
      }
      local holds, wrong = inputs.eval(config.continue_condition, env)
      if wrong ~= nil then return nil, wrong end
      goes_on = holds == true
    end
    if not goes_on or run.is_cancelled then break end
  end
  return last
end

local function outcomes_of(config: any, outcomes: {any}): {any}
  local filter = config.filter or "all"
  local shown = {}
  for _, outcome in ipairs(outcomes) do
    if filter == "all" or (filter == "successes") == outcome.success then
      local bare = outcome.result
      if not outcome.success then bare = outcome.error end
      if config.unwrap then shown[#shown + 1] = bare else shown[#shown + 1] = outcome end
    end
  end
  return shown
end

EXECUTE.parallel = function(run, node, input, path, walk)
  local config = node.config
  local items = type(input) == "table" and input[config.source_array_key] or nil
  if type(items) ~= "table" then
    return nil, "input \"" .. config.source_array_key .. "\" must be a list"
  end
  local outcomes: {any} = {}
  local batch = config.batch_size or BATCH
  for first = 1, #items, batch do
    local last = math.min(first + batch - 1, #items)
    local done = channel.new(batch)
    for i = first, last do
      coroutine.spawn(function()
        local given = {}
        for _, key in ipairs(config.passthrough_keys or {}) do given[key] = input[key] end
        given[config.iteration_input_key or "default"] = items[i]
        local ok, result, err = pcall(walk, run, config.template, given, path .. "/" .. i .. "/")
        if not ok then result, err = nil, text_of(result) end
        outcomes[i] = {index = i, success = err == nil, result = result, error = err}
        done:send(i)
      end)
    end
    for _ = first, last do done:receive() end
    for i = first, last do
      if config.on_error == "fail_fast" and not outcomes[i].success then
        return nil, "item " .. i .. ": " .. tostring(outcomes[i].error)
      end
    end
    if run.is_cancelled then break end
  end
  return outcomes_of(config, outcomes)
end

EXECUTE.join = function(_, node, _, _, _)
  local ignored: {[string]: boolean} = {}
  for _, key in ipairs(node.config.ignored_keys or {}) do ignored[key] = true end
  local output = {}
  for _, key in ipairs(node.order) do
    if not ignored[key] then
      if node.config.output_mode == "array" then
        output[#output + 1] = node.arrived[key].value
      else
        output[key] = node.arrived[key].value
      end
    end
  end
  return output
end

--- Nodes whose output is written down by themselves, with what they took for it.
EXECUTE.signal = function(run, node, _, path, _)
  local known = run.memo[path]
  if known ~= nil and known.status == "completed" then return known.output end
  local signal_id = node.config.signal_id
  if signal_id == nil or signal_id == "" then
    signal_id = known ~= nil and known.signal_id or assert(uuid.v7())
  end
  local wanted = {signal_id}
  local is_named = node.config.signal_id ~= nil and node.config.signal_id ~= ""
  if not is_named and node.name ~= nil then wanted[2] = node.name end
  local facts = {
    type = node.type,
    name = node.name,
    title = (node.config.metadata or {}).title,
    status = "paused",
    signal_id = signal_id,
  }
  assert(store.note(run.id, path, facts))
  local waiter = {path = path, is_over = false, wake = channel.new(1)}
  table.insert(run.waiting, waiter)
  local payload: any = nil
  while payload == nil and not run.is_cancelled and not waiter.is_over do
    local taken = assert(store.take_signal(run.id, wanted, path, facts))
    payload = taken.payload
    if payload == nil then waiter.wake:receive() end
  end
  for i, each in ipairs(run.waiting) do
    if each == waiter then
      table.remove(run.waiting, i)
      break
    end
  end
  if payload == nil then return nil, "cancelled" end
  return payload
end

--- What a node gives for an input, or an error; `walk` walks what is within it.
function M.execute(run: any, node: graph.Node, input: any, path: string, walk: Walk): (any, any)
  local act = EXECUTE[node.type]
  if act == nil then return nil, "there are no nodes of type " .. node.type end
  if node.type == "signal" then return act(run, node, input, path, walk) end
  local facts = {type = node.type, name = node.name, title = (node.config.metadata or {}).title}
  return once(run, path, facts, function(): (any, any)
    return act(run, node, input, path, walk)
  end)
end

return M
