--- The parameters of the module, read as they are now.
---
--- S1. A parameter that can't be read as what it should be is as good as empty, and a warning says so: the page still loads.
--- S2. What an application resolves goes before what its entries say.

local contract = require("contract")
local fs = require("fs")
local json = require("json")
local logger = require("logger")
local registry = require("registry")

local NAMESPACE = "wippy.facade:"
local RESOLVER = "wippy.facade:resolver"
local FILE = "fs://"
--- Parameters that may name a file.
local MAY_BE_FILES = {
  custom_css = true,
  css_variables = true,
  host_custom_css = true,
  host_css_variables = true,
  children_custom_css = true,
  children_css_variables = true,
}

--- All parameters of one answer.
type Settings = {
  --- A text; empty when nobody says anything.
  text: (self: Settings, name: string) -> string,
  --- Whether a flag is set: by the exact word `true`; `otherwise` is what anything but `true` and `false` means.
  flag: (self: Settings, name: string, otherwise: boolean) -> boolean,
  --- One of the words, or the first of them.
  choice: (self: Settings, name: string, ...string) -> string,
  --- A table from JSON; nil when it is empty or none.
  json: (self: Settings, name: string) -> any
}

local Reading = {}
Reading.__index = Reading

local function resolved(): {[string]: string}
  local definition = contract.get(RESOLVER)
  local resolver = definition ~= nil and definition:open() or nil
  if resolver == nil then return {} end
  local values, err = resolver:resolve({})
  if type(values) == "table" then return values end
  if err ~= nil then logger:warn("parameters could not be resolved", {error = tostring(err)}) end
  return {}
end

local M = {Settings = Settings}

--- The parameters, for one answer.
function M.read(): Settings
  return setmetatable({resolved = resolved()}, Reading)
end

local function said(self: any, name: string): string
  local value = self.resolved[name]
  if value == nil then
    local entry = registry.get(NAMESPACE .. name)
    value = entry ~= nil and entry.data.default or nil
  end
  return value == nil and "" or tostring(value)
end

--- What a file of the file system for contents has.
local function text_of(self: any, name: string, path: string): string
  local id = said(self, "content_fs")
  local files, err = nil, "no content_fs"
  if id ~= "" then files, err = fs.get(id) end
  local text
  if files ~= nil then text, err = files:readfile(path) end
  if text ~= nil then return text end
  logger:warn("a parameter names a file that can't be read", {
    parameter = name,
    file = path,
    error = tostring(err)
  })
  return ""
end

function Reading:text(name: string): string
  local value = said(self, name)
  if not MAY_BE_FILES[name] or value:sub(1, #FILE) ~= FILE then return value end
  return text_of(self, name, value:sub(#FILE + 1))
end

function Reading:flag(name: string, otherwise: boolean): boolean
  local value = said(self, name)
  if value == "true" then return true end
  if value == "false" then return false end
  return otherwise
end

function Reading:choice(name: string, ...: string): string
  local value = said(self, name)
  for _, word in ipairs({...}) do
    if value == word then return word end
  end
  return (...)
end

function Reading:json(name: string): any
  local text = self:text(name)
  if text == "" then return nil end
  local value, err = json.decode(text)
  if type(value) == "table" then
    if next(value) == nil then return nil end
    return value
  end
  logger:warn("a parameter is no JSON object or list", {parameter = name, error = tostring(err)})
  return nil
end

return M
