--- What a token can reach: traits of the application with tools, bounded by its scopes.
---
--- SF1. A trait is an entry with `meta.type: agent.trait`, a tool a function with `meta.type: tool`, as agents have them.
--- SF2. A tool needs the scopes that `meta.mcp.scopes` lists; one that lists none needs `functions.call`.
--- SF3. What a token may not use, it does not see.

local registry = require("registry")

--- A tool of a trait, or one that the server has itself.
type Tool = {
  name: string,
  description: string,
  schema: any,
  registry_id: string,
  context: any,
  scopes: {string}
}
type Trait = {id: string, name: string, description: string, tools: {Tool}}

local TRAIT = "agent.trait"
local UNNAMED_SCOPE = "functions.call"
--- What clients take as the name of a tool.
local NAME_MAX = 64

local M = {Tool = Tool, Trait = Trait}

local function scopes_of(entry: registry.Entry): {string}
  local said = type(entry.meta.mcp) == "table" and entry.meta.mcp.scopes or nil
  if type(said) ~= "table" or #said == 0 then return {UNNAMED_SCOPE} end
  return said
end

local function safe_name(name: string): string
  return (name:gsub("[^%w_%-]", "_"):sub(1, NAME_MAX))
end

--- The tools that a trait names and a token may use. One that is not there is left out: the trait of an agent is somebody else's.
local function tools_of(references: any, held: {string}): {Tool}
  local found: {Tool} = {}
  for _, reference in ipairs(references) do
    for _, each in ipairs(tools.find(reference) or {}) do
      local entry = registry.get(each.registry_id)
      local needed = entry ~= nil and scopes_of(entry) or {UNNAMED_SCOPE}
      if scopes.holds_all(held, needed) then
        found[#found + 1] = {
          name = safe_name(each.name),
          description = each.description,
          schema = each.schema,
          registry_id = each.registry_id,
          context = each.context,
          scopes = needed,
        }
      end
    end
  end
  return found
end

--- The traits that a token may use something of, by name.
function M.traits(held: {string}): ({Trait}?, error?)
  local entries, err = registry.find({["meta.type"] = TRAIT})
  if entries == nil then return nil, err end
  local found: {Trait} = {}
  for _, entry in ipairs(entries) do
    local usable = tools_of(type(entry.data.tools) == "table" and entry.data.tools or {}, held)
    if #usable > 0 then
      found[#found + 1] = {
        id = entry.id,
        name = tostring(entry.meta.name or entry.id:match(":(.*)$")),
        description = tostring(entry.meta.description or entry.meta.comment or ""),
        tools = usable,
      }
    end
  end
  table.sort(found, function(a: Trait, b: Trait): boolean
    if a.name ~= b.name then return a.name < b.name end
    return a.id < b.id
  end)
  return found
end

--- The trait that is meant, by its name or its id.
function M.trait_named(traits: {Trait}, reference: string): Trait?
  for _, trait in ipairs(traits) do
    if trait.id == reference then return trait end
  end
  for _, trait in ipairs(traits) do
    if trait.name == reference then return trait end
  end
  return nil
end

--- The tools of these traits, by name. Of two with one name the second is called by its namespace as well.
function M.tools(traits: {Trait}): {Tool}
  local found: {Tool} = {}
  local by_name: {[string]: string} = {}
  for _, trait in ipairs(traits) do
    for _, tool in ipairs(trait.tools) do
      local name, owner = tool.name, by_name[tool.name]
      if owner ~= nil and owner ~= tool.registry_id then
        name = safe_name(tool.registry_id:match("^([^:]*)") .. "_" .. tool.name)
        owner = by_name[name]
      end
      if owner == nil then
        by_name[name] = tool.registry_id
        found[#found + 1] = {
          name = name,
          description = tool.description,
          schema = tool.schema,
          registry_id = tool.registry_id,
          context = tool.context,
          scopes = tool.scopes,
        }
      end
    end
  end
  table.sort(found, function(a: Tool, b: Tool): boolean return a.name < b.name end)
  return found
end

--- All scopes there are: those of keeper, and those that tools of the application name.
function M.known_scopes(): {string}
  local names: {string} = {}
  local is_listed: {[string]: boolean} = {}
  local function list(name: string)
    if is_listed[name] then return end
    is_listed[name] = true
    names[#names + 1] = name
  end
  for _, scope in ipairs(scopes.ALL) do list(scope.name) end
  local entries = sorted.find({["meta.type"] = "tool"}) or {}
  for _, entry in ipairs(entries) do
    for _, name in ipairs(scopes_of(entry)) do list(tostring(name)) end
  end
  return names
end

return M
