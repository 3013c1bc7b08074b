--- Style sheets, scripts and other files that pages name: entries with `meta.type: view.resource`.

local logger = require("logger")
local registry = require("registry")

local TYPE = "view.resource"
local OTHER = "other"
local ORDER = 9999

--- A resource as templates get it; `type` groups them.
type Resource = {
  id: string,
  name: string,
  type: string,
  order: number,
  url: string?,
  integrity: string?,
  crossorigin: string?,
  media: string?,
  defer: boolean,
  async: boolean
}

local M = {}

local function resource_of(entry: registry.Entry): Resource
  local meta = entry.meta
  return {
    id = entry.id,
    name = ids.name_of(entry),
    type = tostring(meta.resource_type or OTHER),
    order = tonumber(meta.order) or ORDER,
    url = meta.url,
    integrity = meta.integrity,
    crossorigin = meta.crossorigin,
    media = meta.media,
    defer = ids.is_true(meta.defer),
    async = ids.is_true(meta.async),
  }
end

local function comes_before(a: Resource, b: Resource): boolean
  if a.order ~= b.order then return a.order < b.order end
  return a.id < b.id
end

--- What a page needs, grouped by type: what all pages need, then what its template set does, then what it names itself; each in its
--- order, and once.
function M.collect(page: pages.Page): ({[string]: {Resource}}?, error?)
  local entries, err = registry.find({["meta.type"] = TYPE})
  if entries == nil then return nil, err end
  local template = page.template
  local wanted: {[string]: boolean} = {}
  for _, id in ipairs(template ~= nil and template.resources or {}) do wanted[id] = true end
  local layers: {{Resource}} = {{}, {}, {}}
  for _, entry in ipairs(entries) do
    local set = entry.meta.template_set
    local is_of_set = template ~= nil and set ~= nil and ids.qualify(entry.id, set) == template.set
    local layer = ids.is_true(entry.meta.global) and 1
      or is_of_set and 2
      or wanted[entry.id] and 3
      or nil
    if layer ~= nil then table.insert(layers[layer], resource_of(entry)) end
    wanted[entry.id] = nil
  end
  for id in pairs(wanted) do
    logger:warn("a page names a resource that is not there", {page = page.id, resource = id})
  end
  local groups: {[string]: {Resource}} = {}
  for _, layer in ipairs(layers) do
    table.sort(layer, comes_before)
    for _, resource in ipairs(layer) do
      groups[resource.type] = groups[resource.type] or {}
      table.insert(groups[resource.type], resource)
    end
  end
  return groups
end

return M
