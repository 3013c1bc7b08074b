--- Which database the records are in: that of the parameter, or that of an entry with `meta: {wippy.usage.target_db: ID}`.

local registry = require("registry")

local PARAMETER = "wippy.usage:target_db"
local FIELD = "wippy.usage.target_db"

local M = {}

--- The database that the parameter names.
function M.of_parameter(): string?
  local entry = registry.get(PARAMETER)
  local id = entry ~= nil and entry.data.default or nil
  return type(id) == "string" and id ~= "" and id or nil
end

--- The database that an entry names; of several the first by id.
function M.of_entry(): string?
  local entries = registry.find({[".kind"] = "registry.entry"}) or {}
  local found
  for _, entry in ipairs(entries) do
    local id = entry.meta[FIELD]
    if type(id) == "string" and id ~= "" and (found == nil or entry.id < found.id) then
      found = {id = entry.id, database = id}
    end
  end
  return found ~= nil and found.database or nil
end

--- The database, or what to do about there being none.
function M.id(): (string?, error?)
  local id = M.of_parameter() or M.of_entry()
  if id ~= nil then return id end
  return nil, errors.new({
      kind = errors.NOT_FOUND,
      message = "wippy/usage has no database: give it the parameter target_db, or an entry the meta "
        .. FIELD
    })
end

return M
