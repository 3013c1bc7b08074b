--- Tools among the entries of the application: functions with `meta.type: tool`.

local registry = require("registry")

local TYPE = "tool"
local EVERYTHING = "*"

--- A tool as a model is told of it, and what is called when the model wants it.
type Tool = {
  name: string,
  description: string,
  schema: any,
  registry_id: string,
  context: any,
  exclusive: boolean
}

local M = {}

--- `getWeather` and `get-weather` as `get_weather`.
local function snake_cased(name: string): string
  local words = name:gsub("(%l)(%u)", "%1_%2"):gsub("[^%w]+", "_")
  return (words:lower():gsub("^_+", ""):gsub("_+$", ""))
end

local function text_or(value: any, other: string): string
  return type(value) == "string" and value ~= "" and value or other
end

local function tool_of(entry: registry.Entry, reference: any): Tool
  local meta = entry.meta
  local own_name = snake_cased(entry.id:match(":(.*)$") or entry.id)
  return {
    name = text_or(reference.alias, text_or(meta.llm_alias, own_name)),
    description = text_or(
      reference.description,
      text_or(meta.llm_description, text_or(meta.description, text_or(meta.comment, "")))
    ),
    schema = shapes.tool_schema({schema = meta.input_schema}),
    registry_id = entry.id,
    context = reference.context or {},
    exclusive = meta.exclusive == true,
  }
end

local function missing(id: string): error
  return errors.new({kind = errors.NOT_FOUND, message = "there is no tool " .. id})
end

--- All tools of a namespace, by id.
local function all_of(namespace: string, reference: any): ({Tool}?, error?)
  local entries, err = registry.find({["meta.type"] = TYPE})
  if err ~= nil then return nil, err end
  table.sort(entries, function(a: registry.Entry, b: registry.Entry): boolean
    return a.id < b.id
  end)
  local found = {}
  for _, entry in ipairs(entries) do
    if entry.id:match("^([^:]*):") == namespace then
      found[#found + 1] = tool_of(entry, {context = reference.context})
    end
  end
  return found
end

--- The tools that a reference means: an id, all of a namespace as `ns:*`, or a table with such an `id`, an `alias` and a `context`.
function M.find(given: any): ({Tool}?, error?)
  local reference = type(given) == "string" and {id = given} or given
  if type(reference) ~= "table" or type(reference.id) ~= "string" then
    return nil,
      errors.new({kind = errors.INVALID, message = "a tool is an id, or a table with an id"})
  end
  local namespace, name = reference.id:match("^([^:]*):(.*)$")
  if name == EVERYTHING then return all_of(namespace, reference) end
  local entry = registry.get(reference.id)
  if entry == nil or entry.meta.type ~= TYPE then return nil, missing(reference.id) end
  return {tool_of(entry, reference)}
end

return M
