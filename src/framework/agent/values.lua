--- Lists and tables as specs of agents have them.

local M = {}

--- A list; what is none is the only one in it.
function M.list_of(value: any): {any}
  if type(value) == "table" and (#value > 0 or next(value) == nil) then return value end
  return {value}
end

--- The fields of all tables; what a later one says goes over what one before it does.
function M.merged(...: any): any
  local all = {}
  for i = 1, select("#", ...) do
    for key, value in pairs((select(i, ...)) or {}) do all[key] = value end
  end
  return all
end

return M
