--- Graphs of work, written down step by step.
---
--- FL1. A builder only collects; mistakes are told when the graph is compiled, each with its place.
--- FL2. Within a dataflow a graph does not run: it is handed to the dataflow that the function is a part of.

local ctx = require("ctx")

local TITLE = "Flow Builder Workflow"
--- The context of functions that a dataflow calls has its id under this key.
local WITHIN = "dataflow_id"

local Builder = {}
Builder.__index = Builder

local function add(self: any, kind: string, fields: any): any
  local operation = fields or {}
  operation.kind = kind
  self.operations[#self.operations + 1] = operation
  return self
end

--- What people see of it.
function Builder:with_title(title: string): any
  self.title = title
  return self
end

--- What is kept beside it.
function Builder:with_metadata(metadata: any): any
  self.metadata = metadata
  return self
end

--- The one input of the whole graph.
function Builder:with_input(data: any): any
  return add(self, "data", {content = data, is_input = true})
end

--- Data of its own, for as many nodes as it is routed to.
function Builder:with_data(data: any): any
  return add(self, "data", {content = data})
end

--- A function.
function Builder:func(id: string, options: any): any
  return add(self, "node", {type = "function", target = id, config = options})
end

--- An agent; without an id the input says which.
function Builder:agent(id: string, options: any): any
  return add(self, "node", {type = "agent", target = id, config = options})
end

--- A function or a template, again and again.
function Builder:cycle(config: any): any
  return add(self, "node", {type = "cycle", config = config})
end

--- A template for every item of a list.
function Builder:parallel(config: any): any
  return add(self, "node", {type = "parallel", config = config})
end

--- Waits for a word from outside.
function Builder:signal(config: any): any
  return add(self, "node", {type = "signal", config = config})
end

--- Waits for its inputs.
function Builder:join(config: any): any
  return add(self, "node", {type = "join", config = config})
end

--- What follows is that of a template.
function Builder:use(template: any): any
  return add(self, "use", {template = template})
end

--- Names the step before.
function Builder:as(name: string): any
  return add(self, "name", {name = name})
end

--- Where the output of the step before goes, under which key, and changed by which expression.
function Builder:to(target: string, key: string?, transform: string?): any
  return add(self, "route", {target = target, key = key, transform = transform})
end

--- Where its error goes.
function Builder:error_to(target: string, key: string?, transform: string?): any
  return add(self, "route", {target = target, key = key, transform = transform, is_error = true})
end

--- When the route before is taken.
function Builder:when(condition: string): any
  return add(self, "condition", {condition = condition})
end

local function text_of(err: any): string
  return type(err) == "string" and err or tostring(err)
end

--- The commands of the graph, or what is wrong with it.
function Builder:compile(): (any, string?)
  return compiler.compile(self.operations, {is_template = false})
end

--- Writes it down for whoever calls: a client and an id, or a message.
local function written(self: any, commands: any): (any, string?, string?)
  local c, refused = client.new()
  if c == nil then return nil, nil, text_of(refused) end
  local id, failed = c:create_workflow(commands, {
    title = self.title or TITLE,
    metadata = self.metadata
  })
  if id == nil then return nil, nil, text_of(failed) end
  return c, id
end

--- Runs it to its end: its output, or a message.
function Builder:run(): (any, string?)
  local commands, wrong = self:compile()
  if commands == nil then return nil, wrong end
  if ctx.get(WITHIN) ~= nil then return {_control = {commands = commands}} end
  local c, id, refused = written(self, commands)
  if c == nil then return nil, refused end
  local output, err = c:execute(id)
  if err ~= nil then return nil, text_of(err) end
  return output
end

--- Starts it: its id, or a message.
function Builder:start(): (string?, string?)
  local commands, wrong = self:compile()
  if commands == nil then return nil, wrong end
  if ctx.get(WITHIN) ~= nil then
    return nil, "a flow within a dataflow can't be started: return flow:run() of it"
  end
  local c, id, refused = written(self, commands)
  if c == nil then return nil, refused end
  local started, err = c:start(id)
  if started == nil then return nil, text_of(err) end
  return started
end

local M = {}

--- A graph to run.
function M.create(): any
  return setmetatable({operations = {}}, Builder)
end

--- A part of graphs.
function M.template(): any
  return setmetatable({operations = {}}, Builder)
end

return M
