--- The CSS custom properties of the application as a style sheet, for pages that the bundle does not show.
---
--- V1. What is said for all modes counts in each; `@light` and `@dark` say more for theirs, by the choice of the system or forced.

local LIGHT = "@light"
local DARK = "@dark"
local FORCED = ".w-theme-"

local M = {}

local function name_of(key: string): string?
  local name = key:match("^%-%-([%w_-]+)$") or key:match("^([%w_-]+)$")
  return name and "--" .. name
end

--- The properties of a table, by their names; other tables and what is no name are none.
local function properties(values: any, into: {[string]: string}): {[string]: string}
  for key, value in pairs(type(values) == "table" and values or {}) do
    local name = type(value) ~= "table" and name_of(tostring(key)) or nil
    if name ~= nil then into[name] = tostring(value) end
  end
  return into
end

local function block(selector: string, values: {[string]: string}): string
  local names = {}
  for name in pairs(values) do names[#names + 1] = name end
  if #names == 0 then return "" end
  table.sort(names)
  local lines = {selector .. " {"}
  for _, name in ipairs(names) do
    lines[#lines + 1] = "  " .. name .. ": " .. values[name] .. ";"
  end
  lines[#lines + 1] = "}\n"
  return table.concat(lines, "\n")
end

--- The sheet.
function M.sheet(values: any): string
  local all = values or {}
  local light = properties(all[LIGHT], properties(all, {}))
  local dark = properties(all[DARK], properties(all, {}))
  local parts = {block(":root", properties(all, {}))}
  if all[LIGHT] ~= nil or all[DARK] ~= nil then
    parts[#parts + 1] = "@media (prefers-color-scheme: light) {\n" .. block(":root", light) .. "}\n"
    parts[#parts + 1] = "@media (prefers-color-scheme: dark) {\n" .. block(":root", dark) .. "}\n"
    parts[#parts + 1] = block(FORCED .. "light", light)
    parts[#parts + 1] = block(FORCED .. "dark", dark)
  end
  return table.concat(parts)
end

return M
