--- Providers among the entries of the application: entries with `meta.type: llm.provider`, whose `driver` is a binding of the contracts.

local contract = require("contract")
local registry = require("registry")

type Provider = {id: string, name: string, title: string, driver: {id: string, options: any}}

local M = {}

local function provider_of(entry: registry.Entry): Provider
  local driver = type(entry.data.driver) == "table" and entry.data.driver or {}
  return {
    id = entry.id,
    name = tostring(entry.meta.name or entry.id),
    title = tostring(entry.meta.title or entry.meta.name or entry.id),
    driver = {id = tostring(driver.id or ""), options = driver.options or {}},
  }
end

--- All providers, by id.
function M.get_all(): ({Provider}?, error?)
  local entries, err = registry.find({["meta.type"] = "llm.provider"})
  if err ~= nil then return nil, err end
  local all = {}
  for _, entry in ipairs(entries) do all[#all + 1] = provider_of(entry) end
  table.sort(all, function(a: Provider, b: Provider): boolean return a.id < b.id end)
  return all
end

local function invalid(message: string): error
  return errors.new({kind = errors.INVALID, message = message})
end

--- Opens the driver of a provider; its options, and `context` over them, are the context of what it runs.
function M.open(id: string, context: any): (any, any)
  local entry, err = registry.get(id)
  if err ~= nil then return nil, err end
  if entry == nil or entry.meta.type ~= "llm.provider" then
    return nil, invalid(tostring(id) .. " is no provider")
  end
  local provider = provider_of(entry)
  if provider.driver.id == "" then return nil, invalid(id .. " names no driver") end
  local values = {}
  for key, value in pairs(provider.driver.options) do values[key] = value end
  for key, value in pairs(context or {}) do values[key] = value end
  return contract.open(provider.driver.id, values)
end

return M
