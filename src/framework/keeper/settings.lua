--- The parameters and variables, read.

local env = require("env")
local registry = require("registry")

local ENABLED = "keeper.env:mcp_enabled"
local MANAGED = "keeper.env:managed_namespaces"
local OFF = {["false"] = true, ["0"] = true, off = true, no = true}

local M = {}

local function parameter(name: string): (string?, error?)
  local entry, err = registry.get("keeper:" .. name)
  local value = entry ~= nil and entry.data.default or nil
  if type(value) == "string" and value ~= "" then return value end
  return nil, err or errors.new({
        kind = errors.NOT_FOUND,
        message = "keeper/keeper has no " .. name .. ": give the dependency that parameter"
      })
end

--- The id of the database.
function M.database(): (string?, error?)
  return parameter("app_db")
end

--- The id of the policy group of administrators.
function M.admin_scope(): (string?, error?)
  return parameter("admin_scope")
end

--- The id of the host of tasks.
function M.process_host(): (string?, error?)
  return parameter("process_host")
end

--- Whether programs may speak MCP to the application.
function M.is_mcp_enabled(): boolean
  local said = env.get(ENABLED)
  return OFF[tostring(said):lower()] ~= true
end

--- Namespaces whose files and entries are kept the same; each with those below it.
function M.managed_namespaces(): {string}
  local found: {string} = {}
  local said = env.get(MANAGED)
  for name in (said or ""):gmatch("[^,%s]+") do found[#found + 1] = name end
  return found
end

--- Whether a namespace is one of those.
function M.is_managed(namespace: string): boolean
  for _, name in ipairs(M.managed_namespaces()) do
    if namespace == name or namespace:sub(1, #name + 1) == name .. "." then return true end
  end
  return false
end

return M
