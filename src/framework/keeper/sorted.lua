--- Entries in the order of their ids.

local registry = require("registry")

local M = {}

--- Entries that fit a filter of `registry.find`.
function M.find(filter: {[string]: any}): ({registry.Entry}?, error?)
  local found, err = registry.find(filter)
  if found == nil then return nil, err end
  table.sort(found, function(a: registry.Entry, b: registry.Entry): boolean
    return a.id < b.id
  end)
  return found
end

return M
