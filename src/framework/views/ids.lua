--- Ids as entries write them: with a namespace, or for one of their own.

local registry = require("registry")

local M = {}

--- The id that is meant by `reference` in the entry `id`.
function M.qualify(id: string, reference: string): string
  if reference:find(":", 1, true) ~= nil then return reference end
  return registry.parse_id(id).ns .. ":" .. reference
end

--- Whether a field of an entry says yes; texts are taken as they are written.
function M.is_true(value: any): boolean
  return value == true or value == "true"
end

--- Whether lists show an entry: what it says of that, else whether it is public.
function M.is_announced(meta: {[string]: any}): boolean
  local said = meta.announced
  if said == nil then said = meta.public end
  return M.is_true(said)
end

--- The name an entry goes by: what its metadata say, or that of its id.
function M.name_of(entry: registry.Entry): string
  local name = entry.meta.name
  if type(name) == "string" and name ~= "" then return name end
  return registry.parse_id(entry.id).name
end

return M
