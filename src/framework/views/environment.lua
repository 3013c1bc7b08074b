--- Variables that templates see: entries with `meta.type: view.env_mapping`, by their priority.
---
--- E1. Of mappings of one key the one with the highest priority counts whose variable has a value; among equals the first by id.

local env = require("env")
local logger = require("logger")
local registry = require("registry")

local TYPE = "view.env_mapping"
--- Of mappings that say nothing: those of applications begin here.
local PRIORITY = 20
local PRIORITY_MAX = 100

local M = {}

local function priority_of(entry: registry.Entry): number?
  local said = entry.meta.priority
  if said == nil then return PRIORITY end
  local priority = tonumber(said)
  if priority ~= nil and priority >= 0 and priority <= PRIORITY_MAX then return priority end
  logger:warn("an env mapping is left out: its priority must be 0 to " .. PRIORITY_MAX, {
    entry = entry.id,
    priority = tostring(said),
  })
  return nil
end

--- The values by their keys.
function M.load(): ({[string]: string}?, error?)
  local entries, err = registry.find({["meta.type"] = TYPE})
  if entries == nil then return nil, err end
  local mappings: {{id: string, priority: number, names: any}} = {}
  for _, entry in ipairs(entries) do
    local priority = priority_of(entry)
    if priority ~= nil then
      mappings[#mappings + 1] = {
        id = entry.id,
        priority = priority,
        names = entry.data.mappings or {}
      }
    end
  end
  table.sort(mappings, function(a: any, b: any): boolean
    if a.priority ~= b.priority then return a.priority > b.priority end
    return a.id < b.id
  end)
  local values: {[string]: string} = {}
  for _, mapping in ipairs(mappings) do
    for key, name in pairs(mapping.names) do
      if values[key] == nil then values[key] = env.get(tostring(name)) end
    end
  end
  return values
end

return M
