--- Tables that go over others, key by key.

local M = {}

local function is_map(value: any): boolean
  return type(value) == "table" and #value == 0
end

--- The keys of both, where `over` says more than `base`; lists are one value.
function M.deep(base: any, over: any): any
  if over == nil then return base end
  if not is_map(base) or not is_map(over) then return over end
  local all = {}
  for key, value in pairs(base) do all[key] = value end
  for key, value in pairs(over) do all[key] = M.deep(base[key], value) end
  return all
end

return M
