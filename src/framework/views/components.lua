--- Components among the entries of the application: entries with `meta.type: view.component`.

local registry = require("registry")

local TYPE = "view.component"
local ENTRY_FILE = "index.js"
local KIND = "widget"

local M = {}

local function is_allowed(entry: registry.Entry): boolean
  return access.is_allowed("component", entry.id, ids.is_true(entry.meta.secure))
end

local function descriptor(entry: registry.Entry, of_bundle: bundle.Meta): any
  local meta, wippy = entry.meta, of_bundle.wippy
  return {
    id = entry.id,
    name = ids.name_of(entry),
    version = of_bundle.version,
    specification = of_bundle.specification,
    title = meta.title or wippy.title or of_bundle.title,
    description = meta.description or wippy.description or of_bundle.description,
    icon = meta.icon or wippy.icon or of_bundle.icon,
    baseUrl = address.public(meta),
    browser = tostring(meta.entry_point or of_bundle.browser or wippy.browser or ENTRY_FILE),
    wippy = {
      tagName = meta.tag_name or wippy.tagName,
      type = wippy.type or KIND,
      props = meta.props or wippy.props,
      events = meta.events or wippy.events,
      autoRegister = ids.is_true(meta.auto_register),
    },
  }
end

local function all(): ({registry.Entry}?, error?)
  local entries, err = registry.find({["meta.type"] = TYPE})
  if entries == nil then return nil, err end
  table.sort(entries, function(a: registry.Entry, b: registry.Entry): boolean
    return a.id < b.id
  end)
  return entries
end

local function bundles_of(entries: {registry.Entry}): {[string]: bundle.Meta}
  local bundled: {bundle.Bundled} = {}
  for i, entry in ipairs(entries) do bundled[i] = {id = entry.id, place = entry.meta} end
  return bundle.read_all(bundled)
end

--- The announced components that the caller may see, by name; with `is_automatic` those that hosts register by themselves.
function M.list(is_automatic: boolean): ({any}?, error?)
  local entries, err = all()
  if entries == nil then return nil, err end
  local shown: {registry.Entry} = {}
  for _, entry in ipairs(entries) do
    local fits = not is_automatic or ids.is_true(entry.meta.auto_register)
    if fits and ids.is_announced(entry.meta) and is_allowed(entry) then
      shown[#shown + 1] = entry
    end
  end
  local of_bundles = bundles_of(shown)
  local items = {}
  for i, entry in ipairs(shown) do
    items[i] = descriptor(entry, of_bundles[entry.id] or {wippy = {}})
  end
  table.sort(items, function(a: any, b: any): boolean
    if a.name ~= b.name then return a.name < b.name end
    return a.id < b.id
  end)
  return items
end

--- The entry whose element has that tag, by its own word or by that of its bundle.
local function find(tag: string): (registry.Entry?, error?)
  local entries, err = all()
  if entries == nil then return nil, err end
  local nameless: {registry.Entry} = {}
  for _, entry in ipairs(entries) do
    if entry.meta.tag_name == tag then return entry end
    if entry.meta.tag_name == nil then nameless[#nameless + 1] = entry end
  end
  local of_bundles = bundles_of(nameless)
  for _, entry in ipairs(nameless) do
    if (of_bundles[entry.id] or {wippy = {}}).wippy.tagName == tag then return entry end
  end
  return nil,
    errors.new({kind = errors.NOT_FOUND, message = "there is no component with tag " .. tag})
end

--- The component whose element has that tag; the caller must be allowed to see it.
function M.by_tag(tag: string): (any, error?)
  local entry, err = find(tag)
  if entry == nil then return nil, err end
  if not ids.is_announced(entry.meta) then
    return nil, errors.new({kind = errors.NOT_FOUND, message = "Component is not announced"})
  end
  if not is_allowed(entry) then
    return nil, errors.new({kind = errors.PERMISSION_DENIED, message = "Access denied"})
  end
  return descriptor(entry, bundle.read({id = entry.id, place = entry.meta}))
end

return M
