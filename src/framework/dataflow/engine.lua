--- Walks graphs: starts what has its inputs, passes on what nodes give, and knows what was done before.
---
--- EN1. A node runs once. What it gave is written down before it is passed on; a graph that is walked again, after the end of the
---      program, takes it from there. What was begun without an answer is begun again.
--- EN2. A node starts when everything it requires has come; when it requires nothing by name, when no route can bring any more and
---      something came. One that can't start any more is skipped, and what only it leads to.
--- EN3. A graph ends when nothing runs any more, or with its first failure that is routed nowhere.

local json = require("json")

local SUCCESS = "@success"
local FAIL = "@fail"
local DEFAULT = "default"
local CANCELLED = "the dataflow was cancelled"

--- One dataflow under way: `memo` is what its nodes gave before, `waiting` who waits for signals, in order.
type Run = {
  id: string,
  memo: {[string]: any},
  waiting: {any},
  is_cancelled: boolean,
  --- The program ends: what fails now fails for that, and is not written down.
  is_ending: boolean
}

local M = {Run = Run, CANCELLED = CANCELLED}

--- What ends a graph: a message, from whatever a failure is.
local function text_of(failure: any): string
  if type(failure) == "string" then return failure end
  if type(failure) == "table" and type(failure.message) == "string" then return failure.message end
  if type(failure) == "table" then return json.encode(failure) or "failed" end
  return tostring(failure)
end

local function title_of(node: graph.Node): string
  if node.name ~= nil then return node.type .. " \"" .. node.name .. "\"" end
  if node.target ~= "" then return node.type .. " " .. node.target end
  return node.type .. " " .. node.id
end

local Walk = {}
Walk.__index = Walk

--- Whether a node can start, or never will.
local function readiness(node: graph.Node): string
  local required = (node.config.inputs or {}).required
  if type(required) == "table" and #required > 0 then
    local is_whole = true
    for _, key in ipairs(required) do
      if node.arrived[key] == nil then
        is_whole = false
        local open = node.is_spread and node.open or (node.open_by_key[key] or 0)
        if open == 0 then return "never" end
      end
    end
    return is_whole and "ready" or "later"
  end
  if node.open > 0 then return "later" end
  return #node.order > 0 and "ready" or "never"
end

function Walk:consider(node: graph.Node)
  if node.state ~= "pending" then return end
  local now = readiness(node)
  if now == "ready" and not self.run.is_cancelled then
    self:launch(node)
  elseif now == "never" then
    node.state = "skipped"
    self:write(node, {status = "skipped"})
    for _, route in ipairs(node.routes) do self:settle(route) end
  end
end

function Walk:write(node: graph.Node, fields: any)
  local title = (node.config.metadata or {}).title
  fields.type, fields.name, fields.title = node.type, node.name, title
  assert(store.note(self.run.id, self.path .. node.id, fields))
end

function Walk:arrive(route: any, key: string, value: any)
  if route.to == SUCCESS then
    table.insert(self.results, {key = key, value = value})
  elseif route.to == FAIL then
    self.failure = self.failure or text_of(value)
  else
    local target = self.graph.by_id[route.to]
    if target.arrived[key] == nil then table.insert(target.order, key) end
    target.arrived[key] = {value = value}
  end
end

--- A route has brought what it brings, or never will.
function Walk:settle(route: any)
  local target = self.graph.by_id[route.to]
  if target == nil then return end
  local key = route.key or DEFAULT
  target.open = target.open - 1
  target.open_by_key[key] = target.open_by_key[key] - 1
  self:consider(target)
end

--- Sends an output, or an error, along its routes; what is wrong with a condition or a transform is a text.
function Walk:pass_on(node: graph.Node, value: any, is_error: boolean): string?
  local env = inputs.env(node, self.input)
  env.output = value
  local taken: {any} = {}
  for _, route in ipairs(node.routes) do
    local is_taken = (route.is_error == true) == is_error
    if is_taken and route.condition ~= nil then
      local holds, wrong = inputs.eval(route.condition, env)
      if wrong ~= nil then return wrong end
      is_taken = holds == true
    end
    if is_taken then
      local brought, wrong = value, nil
      if route.transform ~= nil then brought, wrong = inputs.eval(route.transform, env) end
      if wrong ~= nil then return wrong end
      taken[#taken + 1] = {route = route, value = brought}
    end
  end
  for _, each in ipairs(taken) do self:arrive(each.route, each.route.key or DEFAULT, each.value) end
  for _, route in ipairs(node.routes) do self:settle(route) end
  return nil
end

local function has_error_route(node: graph.Node): boolean
  for _, route in ipairs(node.routes) do
    if route.is_error then return true end
  end
  return false
end

function Walk:launch(node: graph.Node)
  node.state = "running"
  self.running = self.running + 1
  coroutine.spawn(function()
    local ok, value, err = pcall(function(): (any, any)
      local input, wrong = inputs.of(node, self.input)
      if wrong ~= nil then return nil, wrong end
      return nodes.execute(self.run, node, input, self.path .. node.id, M.walk)
    end)
    self.done:send({node = node, value = value, err = ok and err or (not ok and value) or nil})
  end)
end

function Walk:finish(item: any)
  local node = item.node
  self.running = self.running - 1
  if item.err ~= nil then
    node.state = "failed"
    if self.run.is_cancelled then return end
    local message = text_of(item.err)
    if not has_error_route(node) then
      self.failure = self.failure or title_of(node) .. ": " .. message
      return
    end
    local wrong = self:pass_on(node, message, true)
    if wrong ~= nil then self.failure = title_of(node) .. ": " .. wrong end
    return
  end
  node.state = "completed"
  local wrong = self:pass_on(node, item.value, false)
  if wrong == nil then return end
  if not has_error_route(node) then
    self.failure = title_of(node) .. ": " .. wrong
    return
  end
  local again = self:pass_on(node, wrong, true)
  if again ~= nil then self.failure = title_of(node) .. ": " .. again end
end

--- One output by itself, several by their keys; of one key the last.
local function output_of(results: {any}): any
  local all, keys = {}, 0
  for _, result in ipairs(results) do
    if all[result.key] == nil then keys = keys + 1 end
    all[result.key] = {value = result.value}
  end
  if keys == 1 and all[DEFAULT] ~= nil then return all[DEFAULT].value end
  local output = {}
  for key, box in pairs(all) do output[key] = box.value end
  return output
end

function Walk:start(given: any)
  for _, source in ipairs(self.graph.sources) do
    if source.is_input then
      self.input = source.content
      if given ~= nil then
        self.input = given
        if given[DEFAULT] ~= nil then self.input = given[DEFAULT] end
      end
    end
  end
  for _, source in ipairs(self.graph.sources) do
    for _, route in ipairs(source.routes) do
      if route.is_spread then
        for key, value in pairs(given or {}) do self:arrive(route, key, value) end
      else
        local value, wrong = source.content, nil
        if route.transform ~= nil then
          value, wrong = inputs.eval(route.transform, {
            input = self.input,
            output = value,
            inputs = {}
          })
        end
        self.failure = self.failure or wrong
        self:arrive(route, route.key or DEFAULT, value)
      end
    end
  end
  for _, source in ipairs(self.graph.sources) do
    for _, route in ipairs(source.routes) do self:settle(route) end
  end
end

--- Walks a graph: its output, or a message. `given` are the inputs of a template by their keys, `path` is what the paths of its nodes
--- begin with.
function M.walk(run: Run, commands: any, given: any, path: string): (any, string?)
  local found, wrong = graph.of(commands)
  if found == nil then return nil, wrong end
  local walk: any = setmetatable({
    run = run,
    graph = found,
    path = path,
    input = nil,
    running = 0,
    results = {},
    failure = nil,
    done = channel.new(#found.nodes),
  }, Walk)
  walk:start(given)
  while walk.running > 0 and walk.failure == nil do walk:finish((walk.done:receive())) end
  if run.is_cancelled then return nil, CANCELLED end
  if walk.failure ~= nil then
    -- Whoever still waits within it takes no signal from others any more.
    for _, waiter in ipairs(run.waiting) do
      waiter.is_over = waiter.is_over or waiter.path:sub(1, #path) == path
    end
    return nil, walk.failure
  end
  if #walk.results == 0 then return nil, "nothing was routed to @success" end
  return output_of(walk.results)
end

return M
