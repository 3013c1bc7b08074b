--- Agents among the entries of the application: entries with `meta.type: agent.gen1`.

local registry = require("registry")

local TYPE = "agent.gen1"
--- Fields of an entry that are fields of a spec.
local FIELDS = {
  "prompt",
  "model",
  "max_tokens",
  "temperature",
  "thinking_effort",
  "tools",
  "traits",
  "delegates",
  "memory",
  "memory_contract",
  "context",
}

local M = {}

local function spec_of(entry: registry.Entry): any
  local spec: any = {
    id = entry.id,
    name = tostring(entry.meta.name or entry.id:match(":(.*)$")),
    title = entry.meta.title,
    description = entry.meta.comment,
  }
  for _, field in ipairs(FIELDS) do spec[field] = entry.data[field] end
  return spec
end

local function missing(text: string): error
  return errors.new({kind = errors.NOT_FOUND, message = text})
end

--- The spec of the agent with that id.
function M.get_by_id(id: string): (any, error?)
  local entry = registry.get(id)
  if entry == nil or entry.meta.type ~= TYPE then
    return nil, missing("there is no agent " .. tostring(id))
  end
  return spec_of(entry)
end

--- The spec of the agent with that name.
function M.get_by_name(name: string): (any, error?)
  local entries, err = registry.find({["meta.type"] = TYPE})
  if err ~= nil then return nil, err end
  local found
  for _, entry in ipairs(entries) do
    local spec = spec_of(entry)
    if spec.name == name and (found == nil or spec.id < found.id) then found = spec end
  end
  if found == nil then return nil, missing("there is no agent called " .. tostring(name)) end
  return found
end

return M
