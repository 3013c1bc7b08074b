--- Modules of the application: which it is made of, and others put into it while it runs.

local funcs = require("funcs")
local hub = require("hub")
local registry = require("registry")

local DEPENDENCY = "ns.dependency"
local MIGRATIONS = "wippy.migration:migration_bootloader"
local DEFAULT_NAMESPACE = "app"

local M = {}

--- Modules of the application, and what declares each.
function M.list(): (any, error?)
  local entries, err = sorted.find({[".kind"] = DEPENDENCY})
  if entries == nil then return nil, err end
  local found = {}
  local is_listed: {[string]: boolean} = {}
  for _, entry in ipairs(entries) do
    local name = tostring(entry.data.component)
    if not is_listed[name] then
      is_listed[name] = true
      found[#found + 1] = {module = name, version = entry.data.version, declared_by = entry.id}
    end
  end
  return {modules = found}
end

--- Entries of the application itself, not of its modules, that declare a need of this one.
local function declared(module: string): ({registry.Entry}?, error?)
  local entries, err = sorted.find({[".kind"] = DEPENDENCY})
  if entries == nil then return nil, err end
  local found: {registry.Entry} = {}
  for _, entry in ipairs(entries) do
    if entry.data.component == module and entry.meta.module == nil then
      found[#found + 1] = entry
    end
  end
  return found
end

--- Puts a module into the running application: one that comes with the program, or is in its folder of modules. Makes what tables it
--- needs.
function M.install(args: any): (any, error?)
  local present, err = declared(args.module)
  if present == nil then return nil, err end
  if #present > 0 then
    return nil, errors.new({
        kind = errors.CONFLICT,
        message = args.module .. " is part of the application: " .. present[1].id .. " declares it"
      })
  end
  local parameters = {}
  for name, value in pairs(args.parameters or {}) do
    parameters[#parameters + 1] = {name = name, value = value}
  end
  table.sort(parameters, function(a: any, b: any): boolean return a.name < b.name end)
  local snapshot, unreadable = registry.snapshot()
  if snapshot == nil then return nil, unreadable end
  local changes = snapshot:changes()
  local id = (args.namespace or DEFAULT_NAMESPACE) .. ":dependency." .. args.module:gsub("/", ".")
  local _, refused = changes:create({
    id = id,
    kind = DEPENDENCY,
    meta = {},
    data = {
      component = args.module,
      version = args.version or "*",
      parameters = #parameters > 0 and parameters or nil
    }
  })
  if refused ~= nil then return nil, refused end
  local version, failed = changes:apply()
  if version == nil then return nil, failed end
  local migrated, unmigrated = funcs.call(MIGRATIONS)
  local tables = unmigrated ~= nil and {status = "error", message = unmigrated:message()}
    or migrated
  return {module = args.module, declared_by = id, version = version:id(), migrations = tables}
end

--- Takes a module out of the running application, unless another needs it. Its tables stay.
function M.remove(args: any): (any, error?)
  local present, err = declared(args.module)
  if present == nil then return nil, err end
  if #present == 0 then
    return nil, errors.new({
        kind = errors.NOT_FOUND,
        message = "no entry of the application declares " .. args.module
      })
  end
  local snapshot, unreadable = registry.snapshot()
  if snapshot == nil then return nil, unreadable end
  local changes = snapshot:changes()
  local ids = {}
  for i, entry in ipairs(present) do
    local _, refused = changes:delete(entry.id)
    if refused ~= nil then return nil, refused end
    ids[i] = entry.id
  end
  local version, failed = changes:apply()
  if version == nil then return nil, failed end
  return {module = args.module, removed = ids, version = version:id()}
end

--- Modules of the hub that fit some words.
function M.search(args: any): (any, error?)
  return hub.modules.search(args.query, {page_size = args.limit})
end

return M
