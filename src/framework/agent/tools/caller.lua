--- Calls what a model wants called.
---
--- CA1. A tool that is exclusive is called alone; two of them at once are a mistake.
--- CA2. What fails is told under its call, and keeps no other call from its end.

local funcs = require("funcs")
local registry = require("registry")

local STRATEGIES = {sequential = true, parallel = true}

type Outcome = {result: any, error: any, tool_call: any}

local Caller = {}
Caller.__index = Caller

--- How several calls are made: `sequential` (at first) or `parallel`.
function Caller:set_strategy(strategy: string): any
  if not STRATEGIES[strategy] then
    error("set_strategy: \"sequential\" or \"parallel\" expected, not " .. tostring(strategy), 2)
  end
  self.strategy = strategy
  return self
end

local function is_exclusive(call: any): boolean
  local entry = registry.get(tostring(call.registry_id))
  return entry ~= nil and entry.meta.exclusive == true
end

--- The calls that may be made; those beside an exclusive one may not.
function Caller:validate(calls: {any}): ({any}?, error?)
  local exclusive = {}
  for _, call in ipairs(calls or {}) do
    if type(call) ~= "table" or type(call.registry_id) ~= "string" then
      return nil, errors.new({kind = errors.INVALID, message = "a call has a registry_id"})
    end
    if is_exclusive(call) then exclusive[#exclusive + 1] = call end
  end
  if #exclusive > 1 then
    local names = exclusive[1].name .. " and " .. exclusive[2].name
    return nil,
      errors.new({kind = errors.CONFLICT, message = "exclusive tools can't be called together: " .. names})
  end
  return #exclusive == 1 and exclusive or calls or {}
end

local function executor_of(context: any, call: any): any
  local merged = values.merged(context, call.context)
  return next(merged) == nil and funcs.new() or funcs.new():with_context(merged)
end

--- Makes the calls; outcomes by the ids of calls. `context` is the context of every call, with that of each over it.
function Caller:execute(context: any, calls: {any}): {[string]: Outcome}
  local outcomes: {[string]: Outcome} = {}
  local futures = {}
  for i, call in ipairs(calls) do
    local executor = executor_of(context, call)
    if self.strategy == "parallel" then
      local future, err = executor:async(call.registry_id, call.arguments)
      futures[i] = future
      if err ~= nil then outcomes[call.id] = {result = nil, error = err, tool_call = call} end
    else
      local result, err = executor:call(call.registry_id, call.arguments)
      outcomes[call.id] = {result = result, error = err, tool_call = call}
    end
  end
  for i, call in ipairs(calls) do
    local future = futures[i]
    if future ~= nil then
      future:response():receive()
      local payload, err = future:result()
      local result
      if payload ~= nil then result = payload:data() end
      outcomes[call.id] = {result = result, error = err, tool_call = call}
    end
  end
  return outcomes
end

local M = {}

function M.new(): any
  return setmetatable({strategy = "sequential"}, Caller)
end

return M
