--- Traits among the entries of the application: entries with `meta.type: agent.trait`.

local registry = require("registry")

local TYPE = "agent.trait"

--- A trait as its entry says.
type Trait = {
  id: string,
  name: string,
  prompt: any,
  tools: any,
  build_func_id: string?,
  prompt_func_id: string?,
  step_func_id: string?,
  context: any
}

local M = {}

local function trait_of(entry: registry.Entry): Trait
  local data = entry.data
  return {
    id = entry.id,
    name = tostring(entry.meta.name or entry.id:match(":(.*)$")),
    prompt = data.prompt,
    tools = data.tools or {},
    build_func_id = data.build_func_id,
    prompt_func_id = data.prompt_func_id,
    step_func_id = data.step_func_id,
    context = data.context or {},
  }
end

--- The trait that is meant: by its id, by its name, or by the name of its entry in whatever namespace.
function M.find(reference: string): (Trait?, error?)
  local entry = registry.get(reference)
  if entry ~= nil and entry.meta.type == TYPE then return trait_of(entry) end
  local entries, err = registry.find({["meta.type"] = TYPE})
  if err ~= nil then return nil, err end
  table.sort(entries, function(a: registry.Entry, b: registry.Entry): boolean
    return a.id < b.id
  end)
  for _, each in ipairs(entries) do
    if each.meta.name == reference then return trait_of(each) end
  end
  for _, each in ipairs(entries) do
    if each.id:match(":(.*)$") == reference then return trait_of(each) end
  end
  return nil, errors.new({kind = errors.NOT_FOUND, message = "there is no trait " .. reference})
end

return M
