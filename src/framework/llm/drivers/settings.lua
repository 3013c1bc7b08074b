--- What a driver was told: by the options of its provider, or by variables.

local ctx = require("ctx")
local env = require("env")

--- Says that there is no value, and none of a variable either.
local NONE = "none"

local M = {}

local function variable(name: string): string?
  local value = env.get(name)
  if value == nil or value == "" then return nil end
  return value
end

--- The option `name`, else the variable that `name_env` names, else the driver's own variable, else `default`.
function M.lookup(name: string, own_variable: string, default: any): any
  local value = ctx.get(name)
  if value ~= nil and value ~= "" then return value end
  local named = ctx.get(name .. "_env")
  if named == NONE then return default end
  if type(named) == "string" and named ~= "" then
    local found = variable(named)
    if found ~= nil then return found end
  end
  return variable(own_variable) or default
end

--- As `lookup`, for a number of seconds.
function M.seconds(name: string, own_variable: string, default: number): number
  return tonumber(M.lookup(name, own_variable, default)) or default
end

--- An address without the stroke at its end.
function M.address(name: string, own_variable: string, default: string): string
  return (tostring(M.lookup(name, own_variable, default)):gsub("/+$", ""))
end

return M
