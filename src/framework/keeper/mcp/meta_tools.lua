--- The tools that are always there: they tell what there is, and choose traits of a session.

local funcs = require("funcs")
local json = require("json")
local security = require("security")

--- Somebody's session, and what its token may reach.
type Client = {
  token: tokens.Token,
  session: sessions.Session,
  traits: {surface.Trait}
}
--- How a call ended; `changed` when the list of tools is another one now.
type Outcome = {value: any, err: error?, changed: boolean}
type MetaTool = {
  name: string,
  description: string,
  properties: {[string]: any},
  required: {string},
  --- Without them a token has every tool it may use, always.
  is_of_traits: boolean,
  run: (client: Client, arguments: any) -> Outcome
}

local TOOL_TIMEOUT = "10m"
local TOOLS_ONLY = "tools_only"
local TRAITS_ONLY = "traits"
local ONE_TRAIT = {trait = {type = "string", description = "name or id of a trait"}}

local M = {Client = Client, Outcome = Outcome}

local function failed(kind: any, message: string): Outcome
  return {value = nil, err = errors.new({kind = kind, message = message}), changed = false}
end

local function done(value: any): Outcome
  return {value = value, err = nil, changed = false}
end

--- The traits that are active in a session and still there.
local function active(client: Client): {surface.Trait}
  local found: {surface.Trait} = {}
  for _, id in ipairs(client.session.traits) do
    local trait = surface.trait_named(client.traits, id)
    if trait ~= nil then found[#found + 1] = trait end
  end
  return found
end

--- The tools that a client is shown.
function M.visible(client: Client): {surface.Tool}
  if client.token.access_mode == TOOLS_ONLY then return surface.tools(client.traits) end
  return surface.tools(active(client))
end

--- The tool that a client may call by that name.
local function callable(client: Client, name: string): surface.Tool?
  local all = client.token.access_mode == TRAITS_ONLY and M.visible(client)
    or surface.tools(client.traits)
  for _, tool in ipairs(all) do
    if tool.name == name or tool.registry_id == name then return tool end
  end
  return nil
end

local function names_of(traits: {surface.Trait}): {string}
  local names: {string} = {}
  for _, trait in ipairs(traits) do names[#names + 1] = trait.name end
  return names
end

local function has(list: {string}, wanted: string): boolean
  for _, each in ipairs(list) do
    if each == wanted then return true end
  end
  return false
end

local function shown_trait(client: Client, trait: surface.Trait): any
  local names = {}
  for _, tool in ipairs(trait.tools) do names[#names + 1] = tool.name end
  return {
    name = trait.name,
    id = trait.id,
    description = trait.description,
    active = has(client.session.traits, trait.id),
    tools = names,
  }
end

local function shown_tool(tool: surface.Tool): any
  return {
    name = tool.name,
    description = tool.description,
    input_schema = tool.schema,
    scopes = tool.scopes,
    id = tool.registry_id
  }
end

local function no_trait(client: Client, reference: any): Outcome
  local names = names_of(client.traits)
  local known = #names == 0 and "this token can use none"
    or "there are " .. table.concat(names, ", ")
  return failed(errors.NOT_FOUND, "there is no trait " .. tostring(reference) .. "; " .. known)
end

--- Makes `change` of the traits of a session.
local function with_traits(client: Client, change: (traits: {string}) -> {string}): Outcome
  local traits, err = sessions.change(client.session.id, change)
  if traits == nil then return {value = nil, err = err, changed = false} end
  client.session.traits = traits
  local tool_names = {}
  for _, tool in ipairs(M.visible(client)) do tool_names[#tool_names + 1] = tool.name end
  return {
    value = {active_traits = names_of(active(client)), tools = tool_names},
    err = nil,
    changed = true
  }
end

--- Calls a tool as the administrator who made the token. What it is given must fit its schema.
local function call(client: Client, tool: surface.Tool, arguments: any): Outcome
  local fits, misfit = json.validate(tool.schema, arguments)
  if not fits then
    return failed(
      errors.INVALID,
      tool.name .. ": " .. (misfit ~= nil and misfit:message() or "wrong arguments")
    )
  end
  local scope, err = admins.scope()
  if scope == nil then return {value = nil, err = err, changed = false} end
  local actor = security.new_actor(client.token.actor_id, client.token.actor_meta)
  local executor: any = funcs.new():with_actor(actor):with_scope(scope)
  executor = executor:with_options({timeout = TOOL_TIMEOUT})
  if next(tool.context) ~= nil then executor = executor:with_context(tool.context) end
  local value, refused = executor:call(tool.registry_id, arguments)
  return {value = value, err = refused, changed = false}
end

local META: {MetaTool} = {
  {
    name = "session_info",
    description = "Who this session acts as, what its token is allowed, and which traits are active.",
    properties = {},
    required = {},
    is_of_traits = false,
    run = function(client: Client): Outcome
      return done({
        session = client.session.id,
        label = client.token.label,
        actor = client.token.actor_id,
        scopes = client.token.scopes,
        access_mode = client.token.access_mode,
        active_traits = names_of(active(client)),
        available_traits = names_of(client.traits),
      })
    end,
  },
  {
    name = "list_traits",
    description = "The traits that this token may use: sets of tools for one purpose each.",
    properties = {},
    required = {},
    is_of_traits = true,
    run = function(client: Client): Outcome
      local found = {}
      for _, trait in ipairs(client.traits) do found[#found + 1] = shown_trait(client, trait) end
      return done({traits = found})
    end,
  },
  {
    name = "describe_trait",
    description = "A trait with its tools and what they take.",
    properties = ONE_TRAIT,
    required = {"trait"},
    is_of_traits = true,
    run = function(client: Client, arguments: any): Outcome
      local trait = surface.trait_named(client.traits, arguments.trait)
      if trait == nil then return no_trait(client, arguments.trait) end
      local described = shown_trait(client, trait)
      described.tools = {}
      for i, tool in ipairs(trait.tools) do described.tools[i] = shown_tool(tool) end
      return done(described)
    end,
  },
  {
    name = "use_trait",
    description = "Makes the tools of a trait part of this session.",
    properties = ONE_TRAIT,
    required = {"trait"},
    is_of_traits = true,
    run = function(client: Client, arguments: any): Outcome
      local trait = surface.trait_named(client.traits, arguments.trait)
      if trait == nil then return no_trait(client, arguments.trait) end
      local id = trait.id
      return with_traits(client, function(traits: {string}): {string}
        if not has(traits, id) then traits[#traits + 1] = id end
        return traits
      end)
    end,
  },
  {
    name = "drop_trait",
    description = "Takes the tools of a trait out of this session.",
    properties = ONE_TRAIT,
    required = {"trait"},
    is_of_traits = true,
    run = function(client: Client, arguments: any): Outcome
      local trait = surface.trait_named(client.traits, arguments.trait)
      local id = trait ~= nil and trait.id or arguments.trait
      if not has(client.session.traits, id) then
        return failed(errors.NOT_FOUND, "the trait " .. arguments.trait .. " is not active")
      end
      return with_traits(client, function(traits: {string}): {string}
        local others: {string} = {}
        for _, each in ipairs(traits) do
          if each ~= id then others[#others + 1] = each end
        end
        return others
      end)
    end,
  },
  {
    name = "set_traits",
    description = "Makes exactly these traits active.",
    properties = {
      traits = {type = "array", items = {type = "string"}, description = "names or ids of traits"}
    },
    required = {"traits"},
    is_of_traits = true,
    run = function(client: Client, arguments: any): Outcome
      local wanted: {string} = {}
      for _, reference in ipairs(arguments.traits) do
        local trait = surface.trait_named(client.traits, reference)
        if trait == nil then return no_trait(client, reference) end
        if not has(wanted, trait.id) then wanted[#wanted + 1] = trait.id end
      end
      return with_traits(client, function(): {string} return wanted end)
    end,
  },
  {
    name = "list_tools",
    description = "The tools of this session, and what they take.",
    properties = {},
    required = {},
    is_of_traits = false,
    run = function(client: Client): Outcome
      local found = {}
      for _, tool in ipairs(M.visible(client)) do found[#found + 1] = shown_tool(tool) end
      return done({tools = found})
    end,
  },
  {
    name = "call_tool",
    description = "Calls a tool by its name; for clients that don't see new tools by themselves.",
    properties = {
      name = {type = "string", description = "name of a tool"},
      arguments = {type = "object", description = "what it takes"}
    },
    required = {"name"},
    is_of_traits = false,
    run = function(client: Client, arguments: any): Outcome
      local tool = callable(client, arguments.name)
      if tool ~= nil then return call(client, tool, arguments.arguments or json.decode("{}")) end
      return failed(
        errors.NOT_FOUND,
        "there is no tool " .. arguments.name
          .. " for this session; use_trait makes tools part of it"
      )
    end,
  },
}

local function is_offered(tool: MetaTool, client: Client): boolean
  return not tool.is_of_traits or client.token.access_mode ~= TOOLS_ONLY
end

--- The schema of a tool that is always there, as JSON would have it.
local function schema_of(tool: MetaTool): any
  return {
    type = "object",
    properties = next(tool.properties) ~= nil and tool.properties or json.decode("{}"),
    required = #tool.required > 0 and tool.required or nil,
  }
end

--- All tools that a client is offered, as MCP lists them.
function M.list(client: Client): {any}
  local listed = {}
  for _, tool in ipairs(META) do
    if is_offered(tool, client) then
      listed[#listed + 1] = {
        name = tool.name,
        description = tool.description,
        inputSchema = schema_of(tool)
      }
    end
  end
  for _, tool in ipairs(M.visible(client)) do
    listed[#listed + 1] = {
      name = tool.name,
      description = tool.description,
      inputSchema = tool.schema
    }
  end
  return listed
end

--- Calls what a client wants called; nothing when there is no such tool for it.
function M.call(client: Client, name: string, arguments: any): Outcome?
  for _, tool in ipairs(META) do
    if tool.name == name and is_offered(tool, client) then
      local fits, misfit = json.validate(schema_of(tool), arguments)
      if fits then return tool.run(client, arguments) end
      return failed(
        errors.INVALID,
        name .. ": " .. (misfit ~= nil and misfit:message() or "wrong arguments")
      )
    end
  end
  local tool = callable(client, name)
  if tool == nil then return nil end
  return call(client, tool, arguments)
end

return M
