--- Functions, variables and routes of the application.

local env = require("env")
local funcs = require("funcs")
local registry = require("registry")

local CALL_TIMEOUT = "5m"

local M = {}

--- What a function gives for a list of arguments.
function M.call(args: any): (any, error?)
  local executor, err = funcs.new():with_options({timeout = args.timeout or CALL_TIMEOUT})
  if executor == nil then return nil, err end
  local result, failed = executor:call(args["function"], table.unpack(args.arguments or {}))
  if failed ~= nil then return nil, failed end
  return {result = result}
end

--- Variables that have a value, or one of them.
function M.variables(args: any): (any, error?)
  if args.name ~= nil then
    local value, err = env.get(args.name)
    if err ~= nil then return nil, err end
    return {variables = {[args.name] = value}}
  end
  local all, err = env.get_all()
  if all == nil then return nil, err end
  return {variables = all}
end

--- Sets a variable.
function M.set_variable(args: any): (any, error?)
  local _, err = env.set(args.name, args.value)
  if err ~= nil then return nil, err end
  return {name = args.name}
end

local function joined(prefix: any, path: any): string
  local whole = "/" .. tostring(prefix or "") .. "/" .. tostring(path or "")
  return (whole:gsub("/+", "/"))
end

--- Everything that the application answers over HTTP, and its pages.
function M.routes(): (any, error?)
  local entries, err = registry.find({[".kind"] = "http.endpoint"})
  if entries == nil then return nil, err end
  local found = {}
  for _, entry in ipairs(entries) do
    local reference = tostring(entry.meta.router or "")
    if reference ~= "" and not reference:find(":", 1, true) then
      reference = registry.parse_id(entry.id).ns .. ":" .. reference
    end
    local router = registry.get(reference)
    found[#found + 1] = {
      id = entry.id,
      method = entry.data.method,
      path = joined(router ~= nil and router.data.prefix or "", entry.data.path),
      router = reference,
      ["function"] = entry.data.func
    }
  end
  table.sort(found, function(a: any, b: any): boolean
    if a.path ~= b.path then return a.path < b.path end
    return a.id < b.id
  end)
  local pages = {}
  for i, entry in ipairs(registry.find({["meta.type"] = "view.page"}) or {}) do
    pages[i] = {id = entry.id, title = entry.meta.title, name = entry.meta.name}
  end
  return {routes = found, pages = pages}
end

return M
