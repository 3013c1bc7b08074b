--- Loads agents, and what is added to them at run time.
---
--- CX1. What is added acts on the agent that is loaded next, and goes when another agent takes its place.
--- CX2. A change that fails changes nothing: the agent before it goes on.

local contract = require("contract")

local RESOLVER = "wippy.agent:resolver"

local Context = {}
Context.__index = Context

--- Adds tools: an id, a table, or a list of such.
function Context:add_tools(specs: any): any
  for _, each in ipairs(values.list_of(specs)) do self.tools[#self.tools + 1] = each end
  return self
end

--- Adds delegates, and has the model know of them.
function Context:add_delegates(specs: any): any
  for _, each in ipairs(values.list_of(specs)) do self.delegates[#self.delegates + 1] = each end
  self.delegate_tools = values.merged(self.delegate_tools, {enabled = true})
  return self
end

function Context:configure_delegate_tools(config: any): any
  self.delegate_tools = values.merged(self.delegate_tools, config)
  return self
end

function Context:set_memory_contract(config: any): any
  self.memory_contract = config
  return self
end

--- How updates are merged into the context: `fn(context, updates)` gives the next one.
function Context:set_context_merger(fn: any): any
  self.merger = fn
  return self
end

function Context:update_context(updates: any): any
  self.context = self.merger(self.context, updates) or {}
  if self.current ~= nil then self.current.base_context = self.context end
  return self
end

--- The spec behind an id or a name: of the application's resolver, else of its entries.
local function spec_of(id: string): (any, any)
  local definition = contract.get(RESOLVER)
  local resolver = definition ~= nil and definition:open() or nil
  if resolver ~= nil then
    local spec, err = resolver:resolve({agent_id = id})
    if err ~= nil then return nil, err end
    if type(spec) == "table" then return spec end
  end
  local spec = agents.get_by_id(id)
  if spec ~= nil then return spec end
  return agents.get_by_name(id)
end

local function failure(name: any, why: any): string
  local text = type(why) == "string" and why or why ~= nil and why:message() or "unknown"
  return "Failed to load agent '" .. tostring(name) .. "': " .. text
end

--- Loads an agent: by its id, by its name, or by a spec in place of an entry. `options.model` takes the place of its model.
function Context:load_agent(given: any, options: any): (any, any)
  local spec, err = given, nil
  if type(given) ~= "table" then spec, err = spec_of(tostring(given)) end
  local name = type(given) == "table" and (given.id or given.name) or given
  if spec == nil then return nil, failure(name, err) end
  local agent, refused = compiler.compile(spec, {
    tools = self.tools,
    delegates = self.delegates,
    exposed = self.delegate_tools.enabled ~= false,
    memory_contract = self.memory_contract,
  })
  if agent == nil then return nil, failure(name, refused) end
  if options ~= nil and options.model ~= nil then agent.model = options.model end
  self.current = runner.new(agent, {context = self.context, cache = self.cache})
  return self.current
end

--- Another agent in place of the one before; what was added to that one is gone.
function Context:switch_to_agent(id: any, options: any): (boolean, any)
  local tools, delegates, memory_contract = self.tools, self.delegates, self.memory_contract
  self.tools, self.delegates, self.memory_contract = {}, {}, nil
  local loaded, err = self:load_agent(id, options)
  if loaded ~= nil then return true end
  self.tools, self.delegates, self.memory_contract = tools, delegates, memory_contract
  return false, err
end

--- Another model for the agent that is loaded.
function Context:switch_to_model(name: string): (boolean, any)
  if self.current == nil then return false, "No agent is loaded" end
  if type(name) ~= "string" or name == "" then return false, "A model is required" end
  self.current.agent.model = name
  return true
end

--- The runner of the agent that is loaded; nil when none is.
function Context:get_current_agent(): any
  return self.current
end

function Context:get_config(): any
  local current = self.current
  return {
    current_agent_id = current ~= nil and current.agent.id or nil,
    current_model = current ~= nil and current.agent.model or nil,
    additional_tools_count = #self.tools,
    additional_delegates_count = #self.delegates,
    has_memory_contract = self.memory_contract ~= nil,
    cache_enabled = self.cache,
    delegate_tools_enabled = self.delegate_tools.enabled ~= false,
    has_context_merger = self.merger ~= values.merged,
  }
end

local M = {}

--- A context: `context` is what tools and delegates get, `delegate_tools` says whether models know of delegates, and with
--- `enable_cache` (true when absent) providers are told how far a prompt stays the same.
function M.new(options: any): any
  local given = options or {}
  return setmetatable({
    tools = {},
    delegates = {},
    context = given.context or {},
    delegate_tools = given.delegate_tools or {},
    cache = given.enable_cache ~= false,
    merger = values.merged,
    memory_contract = nil,
    current = nil,
  }, Context)
end

return M
