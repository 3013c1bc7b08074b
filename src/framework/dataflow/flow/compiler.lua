--- From the steps of a builder to the commands of a dataflow.
---
--- CP1. What compiles can run: names, routes, options and expressions are looked at here, and every mistake names its step.
--- CP2. A step without routes leads to the next one, unless others lead there already; the last one to the end.
---
--- Commands are tables `{type, payload}`: `CREATE_NODE {node_id, node_type, name?, target?, config}`, `CREATE_DATA {data_id, content,
--- is_input}` and `CREATE_ROUTE {from, to, key, transform?, condition?, is_error, is_spread?}`.

local expr = require("expr")

local SUCCESS = "@success"
local FAIL = "@fail"
local DEFAULT = "default"
local TOOL_CALLING = {auto = true, any = true, none = true}
local ON_ERROR = {collect_errors = true, fail_fast = true}
local FILTERS = {all = true, successes = true, failures = true}
local OUTPUT_MODES = {object = true, array = true}

--- A step that others can be routed to or from.
type Step = {
  id: string,
  is_node: boolean,
  type: string?,
  target: string?,
  name: string?,
  config: any,
  content: any,
  is_input: boolean,
  --- What a template is run with: several inputs by their keys.
  is_spread: boolean?,
  routes: {any}
}

local M = {}

local function fail(message: string)
  error({mistake = message}, 0)
end

local function title_of(step: Step): string
  local what = step.is_node and (step.type or "node") or (step.is_input and "input" or "data")
  if step.name ~= nil then return what .. " \"" .. step.name .. "\"" end
  if step.target ~= nil and step.target ~= "" then return what .. " " .. step.target end
  return what .. " (" .. step.id .. ")"
end

--- The operations with those of templates in their places.
local function inlined(operations: any, depth: integer): {any}
  if depth > 32 then fail("templates use each other without end") end
  local all = {}
  for _, operation in ipairs(operations) do
    if operation.kind ~= "use" then
      all[#all + 1] = operation
    elseif type(operation.template) ~= "table" or operation.template.operations == nil then
      fail("use: a template expected")
    else
      for _, inner in ipairs(inlined(operation.template.operations, depth + 1)) do
        all[#all + 1] = inner
      end
    end
  end
  return all
end

local function check_expression(step: Step, what: string, text: any)
  if type(text) ~= "string" then
    fail(title_of(step) .. ": " .. what .. " must be an expression")
  end
  local _, err = expr.compile(text)
  if err ~= nil then fail(title_of(step) .. ": " .. what .. ": " .. err:message()) end
end

--- The steps, each with its routes and its name.
local function steps_of(operations: {any}): {Step}
  local steps: {Step} = {}
  local nodes, data = 0, 0
  local last: any = nil
  local route: any = nil
  for _, operation in ipairs(operations) do
    local kind = operation.kind
    if kind == "node" or kind == "data" then
      local is_node = kind == "node"
      if is_node then nodes = nodes + 1 else data = data + 1 end
      last = {
        id = is_node and "n" .. nodes or "d" .. data,
        is_node = is_node,
        type = operation.type,
        target = operation.target,
        config = operation.config or {},
        content = operation.content,
        is_input = operation.is_input == true,
        routes = {},
      }
      steps[#steps + 1] = last
      route = nil
    elseif last == nil then
      fail(
        (kind == "name" and "as" or kind == "route" and "to" or "when") .. " needs a step before it"
      )
    elseif kind == "name" then
      if type(operation.name) ~= "string"
        or operation.name == ""
        or operation.name:sub(1, 1) == "@" then
        fail(title_of(last) .. ": as needs a name")
      end
      last.name = operation.name
    elseif kind == "route" then
      if operation.is_error and not last.is_node then
        fail(title_of(last) .. " has no errors to route")
      end
      route = {
        target = operation.target,
        key = operation.key or DEFAULT,
        transform = operation.transform,
        is_error = operation.is_error == true,
      }
      if route.transform ~= nil then
        check_expression(last, "the transform of a route", route.transform)
      end
      last.routes[#last.routes + 1] = route
    else
      if route == nil or not last.is_node then
        fail(title_of(last) .. ": when stands behind a route of a node")
      end
      check_expression(last, "when", operation.condition)
      route.condition = operation.condition
    end
  end
  return steps
end

--- Step by name; names are unique.
local function named(steps: {Step}): {[string]: Step}
  local by_name: {[string]: Step} = {}
  for _, step in ipairs(steps) do
    if step.name ~= nil then
      if by_name[step.name] ~= nil then fail("two steps are called \"" .. step.name .. "\"") end
      by_name[step.name] = step
    end
  end
  return by_name
end

local function has_success_route(step: Step): boolean
  for _, route in ipairs(step.routes) do
    if not route.is_error then return true end
  end
  return false
end

--- Gives routes their ends, and routes to those without.
local function connect(steps: {Step}, by_name: {[string]: Step})
  local is_led_to: {[string]: boolean} = {}
  for _, step in ipairs(steps) do
    for _, route in ipairs(step.routes) do
      local target = route.target
      if target == SUCCESS or target == FAIL then
        route.to = target
      else
        local found = by_name[tostring(target)]
        if found == nil then
          fail(title_of(step) .. " is routed to \"" .. tostring(target) .. "\", which is no step")
        end
        if not found.is_node then
          fail(title_of(step) .. " is routed to " .. title_of(found) .. ", which takes nothing")
        end
        route.to = found.id
        is_led_to[found.id] = true
      end
    end
  end
  for i, step in ipairs(steps) do
    if not has_success_route(step) then
      local following: any = nil
      for j = i + 1, #steps do
        if steps[j].is_node then
          following = steps[j]
          break
        end
      end
      if following ~= nil and not is_led_to[following.id] then
        step.routes[#step.routes + 1] = {
          to = following.id,
          key = DEFAULT,
          is_error = false,
          is_spread = step.is_spread,
        }
      elseif step.is_node then
        step.routes[#step.routes + 1] = {to = SUCCESS, key = DEFAULT, is_error = false}
      elseif not step.is_input then
        fail(title_of(step) .. " goes nowhere")
      end
    end
  end
end

--- Routes that lead to each node.
local function arrivals_of(steps: {Step}): {[string]: {any}}
  local arrivals: {[string]: {any}} = {}
  for _, step in ipairs(steps) do
    for _, route in ipairs(step.routes) do
      arrivals[route.to] = arrivals[route.to] or {}
      table.insert(arrivals[route.to], {from = step, route = route})
    end
  end
  return arrivals
end

local function check_acyclic(steps: {Step})
  local by_id: {[string]: Step} = {}
  for _, step in ipairs(steps) do by_id[step.id] = step end
  local state: {[string]: string} = {}
  local function visit(step: Step)
    state[step.id] = "open"
    for _, route in ipairs(step.routes) do
      local following = by_id[route.to]
      if following ~= nil then
        if state[following.id] == "open" then
          fail(
            "the graph has a cycle through " .. title_of(following)
              .. ": use cycle for what happens again"
          )
        end
        if state[following.id] == nil then visit(following) end
      end
    end
    state[step.id] = "done"
  end
  for _, step in ipairs(steps) do
    if state[step.id] == nil then visit(step) end
  end
end

local function check_one_of(step: Step, name: string, value: any, allowed: {[string]: boolean})
  if value ~= nil and not allowed[value] then
    local words = {}
    for word in pairs(allowed) do words[#words + 1] = word end
    table.sort(words)
    fail(title_of(step) .. ": " .. name .. " must be one of " .. table.concat(words, ", "))
  end
end

local function check_count(step: Step, name: string, value: any)
  if value ~= nil and (type(value) ~= "number" or value < 1 or value ~= math.floor(value)) then
    fail(title_of(step) .. ": " .. name .. " must be a whole number from 1 on")
  end
end

--- The template of an option as commands of its own.
local function compiled_template(step: Step, template: any, must_succeed: boolean): any
  if type(template) ~= "table" or template.operations == nil then
    fail(title_of(step) .. ": template must be what flow.template() makes")
  end
  local commands, wrong = M.compile(template.operations, {
    is_template = true,
    must_succeed = must_succeed
  })
  if commands == nil then fail(title_of(step) .. ": its template: " .. tostring(wrong)) end
  return commands
end

local CHECKS: {[string]: (step: Step, config: any) -> ()} = {}

CHECKS["function"] = function(step, config)
  if type(step.target) ~= "string" or step.target == "" then
    fail("func needs the id of a function")
  end
  if config.args ~= nil and type(config.args) ~= "table" then
    fail(title_of(step) .. ": args must be a table")
  end
end

CHECKS.agent = function(step, config)
  local arena = config.arena or {}
  if type(step.target) ~= "string" then fail("agent needs an id, or \"\"") end
  local transform = config.input_transform
  if step.target == "" and (type(transform) ~= "table" or transform.agent_id == nil) then
    fail("an agent without an id needs input_transform.agent_id")
  end
  check_one_of(step, "arena.tool_calling", arena.tool_calling, TOOL_CALLING)
  if arena.tool_calling == "any" and arena.exit_schema == nil then
    fail(title_of(step) .. ": tool_calling \"any\" needs an exit_schema")
  end
  if arena.tool_calling == "none" and arena.exit_schema ~= nil then
    fail(title_of(step) .. ": tool_calling \"none\" has no exit_schema")
  end
  check_count(step, "arena.max_iterations", arena.max_iterations)
  check_count(step, "arena.min_iterations", arena.min_iterations)
end

CHECKS.cycle = function(step, config)
  if (config.func_id == nil) == (config.template == nil) then
    fail(title_of(step) .. " needs either func_id or template")
  end
  check_count(step, "max_iterations", config.max_iterations)
  if config.continue_condition ~= nil then
    check_expression(step, "continue_condition", config.continue_condition)
  end
  if config.template ~= nil then
    config.template = compiled_template(step, config.template, false)
  end
end

CHECKS.parallel = function(step, config)
  if type(config.source_array_key) ~= "string" then
    fail(title_of(step) .. " needs source_array_key")
  end
  if config.template == nil then fail(title_of(step) .. " needs template") end
  check_count(step, "batch_size", config.batch_size)
  check_one_of(step, "on_error", config.on_error, ON_ERROR)
  check_one_of(step, "filter", config.filter, FILTERS)
  config.template = compiled_template(step, config.template, true)
end

CHECKS.signal = function(step, config)
  if config.signal_id ~= nil and type(config.signal_id) ~= "string" then
    fail(title_of(step) .. ": signal_id must be a text")
  end
end

CHECKS.join = function(step, config)
  check_one_of(step, "output_mode", config.output_mode, OUTPUT_MODES)
end

local function check_transform(step: Step, transform: any)
  if transform == nil then return end
  if type(transform) ~= "table" then return check_expression(step, "input_transform", transform) end
  for key, text in pairs(transform) do
    check_expression(step, "input_transform." .. tostring(key), text)
  end
end

local function check_node(step: Step, arrivals: {any})
  if type(step.config) ~= "table" then fail(title_of(step) .. ": its options must be a table") end
  local config = {}
  for key, value in pairs(step.config) do config[key] = value end
  step.config = config
  CHECKS[step.type or ""](step, config)
  check_transform(step, config.input_transform)
  local keys: {[string]: boolean} = {}
  for _, arrival in ipairs(arrivals) do
    -- Which keys those are is known when the template is run.
    if arrival.route.is_spread then return end
    keys[arrival.route.key] = true
    if config.args ~= nil and arrival.route.key == DEFAULT then
      fail(title_of(step) .. " has args, and takes nothing under \"default\": give the route a key")
    end
  end
  for _, key in ipairs((config.inputs or {}).required or {}) do
    if not keys[key] then
      fail(title_of(step) .. " requires \"" .. tostring(key) .. "\", which nothing brings")
    end
  end
end

--- A graph without an input begins with an empty one; a template with what it is run with.
local function with_input(steps: {Step}, is_template: boolean): {Step}
  for _, step in ipairs(steps) do
    if step.is_input then return steps end
  end
  local all: {Step} = {
    {
      id = "d0",
      is_node = false,
      is_input = true,
      is_spread = is_template or nil,
      config = {},
      routes = {},
    }
  }
  for _, step in ipairs(steps) do all[#all + 1] = step end
  return all
end

local function commands_of(steps: {Step}): {any}
  local commands = {}
  for _, step in ipairs(steps) do
    if step.is_node then
      commands[#commands + 1] = {
        type = "CREATE_NODE",
        payload = {
          node_id = step.id,
          node_type = step.type,
          name = step.name,
          target = step.target,
          config = step.config,
        },
      }
    else
      commands[#commands + 1] = {
        type = "CREATE_DATA",
        payload = {data_id = step.id, content = step.content, is_input = step.is_input},
      }
    end
  end
  for _, step in ipairs(steps) do
    for _, route in ipairs(step.routes) do
      commands[#commands + 1] = {
        type = "CREATE_ROUTE",
        payload = {
          from = step.id,
          to = route.to,
          key = route.key,
          transform = route.transform,
          condition = route.condition,
          is_error = route.is_error,
          is_spread = route.is_spread,
        },
      }
    end
  end
  return commands
end

--- In a template every node that nothing leads to begins with what the template is run with.
local function lead_from_input(steps: {Step})
  local arrivals = arrivals_of(steps)
  local input: any = nil
  for _, step in ipairs(steps) do
    if step.is_input then input = step end
  end
  for _, step in ipairs(steps) do
    if step.is_node and arrivals[step.id] == nil then
      input.routes[#input.routes + 1] = {
        to = step.id,
        key = DEFAULT,
        is_error = false,
        is_spread = true
      }
    end
  end
end

local function checked(operations: any, options: any): {any}
  local steps = steps_of(inlined(operations, 0))
  local nodes = 0
  for _, step in ipairs(steps) do
    if step.is_node then nodes = nodes + 1 end
  end
  if nodes == 0 then fail("the graph has no nodes") end
  if options.must_succeed then
    local succeeds = false
    for _, step in ipairs(steps) do
      for _, route in ipairs(step.routes) do succeeds = succeeds or route.target == SUCCESS end
    end
    if not succeeds then fail("a step must be routed to @success") end
  end
  steps = with_input(steps, options.is_template)
  connect(steps, named(steps))
  check_acyclic(steps)
  if options.is_template then lead_from_input(steps) end
  local arrivals = arrivals_of(steps)
  for _, step in ipairs(steps) do
    if step.is_node then
      if arrivals[step.id] == nil then
        fail(title_of(step) .. " has no input: nothing is routed to it")
      end
      check_node(step, arrivals[step.id])
    end
  end
  if arrivals[SUCCESS] == nil then fail("no step leads to @success") end
  return commands_of(steps)
end

--- The commands of a graph, or what is wrong with it. `options`: `is_template`, and `must_succeed` for those that need a route
--- to `@success`.
function M.compile(operations: any, options: any): (any, string?)
  local ok, result = pcall(checked, operations, options)
  if ok then return result end
  if type(result) == "table" and result.mistake ~= nil then return nil, result.mistake end
  error(result, 0)
end

return M
