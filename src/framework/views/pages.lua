--- Pages among the entries of the application: entries with `meta.type: view.page`.
---
--- P1. Templates are rendered here; other pages are applications of their own, whose bundles a browser loads.
--- P2. Every answer is made from the registry as it is now.

local json = require("json")
local registry = require("registry")

local TYPE = "view.page"
local TEMPLATE = "template.jet"
local ORDER = 9999
local PLACEMENT = "default"
local CONTENT_TYPE = "text/html"
local INDEX = "index.html"
--- What a route of a page ends with; the page has all that is below.
local REST = "/:part(.*)*"

--- A page as its entry says. `template` is missing where a bundle is the page.
type Page = {
  id: string,
  name: string,
  secure: boolean,
  announced: boolean,
  inline: boolean,
  content_type: string,
  parent: string?,
  meta: {[string]: any},
  template: {name: string, set: string?, data_func: string?, resources: {string}}?
}

local M = {Page = Page}

local function template_of(entry: registry.Entry): any
  local data = entry.data
  local resources = {}
  for i, id in ipairs(data.resources or {}) do resources[i] = ids.qualify(entry.id, id) end
  return {
    name = ids.name_of(entry),
    set = data.set and ids.qualify(entry.id, data.set),
    data_func = data.data_func and ids.qualify(entry.id, data.data_func),
    resources = resources,
  }
end

local function page_of(entry: registry.Entry): Page
  local meta = entry.meta
  return {
    id = entry.id,
    name = ids.name_of(entry),
    secure = ids.is_true(meta.secure),
    announced = ids.is_announced(meta),
    inline = ids.is_true(meta.inline),
    content_type = tostring(meta.content_type or CONTENT_TYPE),
    parent = meta.parent,
    meta = meta,
    template = entry.kind == TEMPLATE and template_of(entry) or nil,
  }
end

--- The page with that id.
function M.get(id: string): (Page?, error?)
  local entry = registry.get(id)
  if entry == nil or entry.meta.type ~= TYPE then
    return nil, errors.new({kind = errors.NOT_FOUND, message = "there is no page " .. id})
  end
  return page_of(entry)
end

--- Whether the caller may see it.
function M.is_allowed(page: Page): boolean
  return access.is_allowed("page", page.id, page.secure)
end

local function all(): ({Page}?, error?)
  local entries, err = registry.find({["meta.type"] = TYPE})
  if entries == nil then return nil, err end
  local pages = {}
  for i, entry in ipairs(entries) do pages[i] = page_of(entry) end
  table.sort(pages, function(a: Page, b: Page): boolean
    return a.id < b.id
  end)
  return pages
end

--- What the bundles of pages say, by the ids of the pages; templates have none.
local function bundles_of(pages: {Page}): {[string]: bundle.Meta}
  local bundled: {bundle.Bundled} = {}
  for _, page in ipairs(pages) do
    if page.template == nil then bundled[#bundled + 1] = {id = page.id, place = page.meta} end
  end
  return bundle.read_all(bundled)
end

local function route_of(page: Page): string?
  return page.meta.mountRoute or page.meta.mount_route
end

local function item_of(page: Page, of_bundle: bundle.Meta): any
  local meta = page.meta
  return {
    id = page.id,
    name = page.name,
    title = meta.title or of_bundle.wippy.title or of_bundle.title,
    icon = meta.icon or of_bundle.wippy.icon or of_bundle.icon,
    order = tonumber(meta.order) or ORDER,
    placement = meta.placement or PLACEMENT,
    group = meta.group,
    groupIcon = meta.group_icon,
    groupOrder = tonumber(meta.group_order) or ORDER,
    groupPlacement = meta.group_placement or PLACEMENT,
    parent = page.parent,
    secure = page.secure,
    announced = page.announced,
    internal = page.inline,
    hidden = page.inline and 1 or 0,
    configOverrides = merge.deep(of_bundle.wippy.configOverrides, meta.config_overrides),
    mountRoute = route_of(page),
  }
end

local function comes_before(a: any, b: any): boolean
  if a.groupOrder ~= b.groupOrder then return a.groupOrder < b.groupOrder end
  local group_a, group_b = tostring(a.group or ""), tostring(b.group or "")
  if group_a ~= group_b then return group_a < group_b end
  if a.order ~= b.order then return a.order < b.order end
  local title_a, title_b = tostring(a.title or ""), tostring(b.title or "")
  if title_a ~= title_b then return title_a < title_b end
  return a.id < b.id
end

--- The announced pages that the caller may see, in the order of menus.
function M.list(): ({any}?, error?)
  local pages, err = all()
  if pages == nil then return nil, err end
  local shown: {Page} = {}
  for _, page in ipairs(pages) do
    if page.announced and M.is_allowed(page) then shown[#shown + 1] = page end
  end
  local of_bundles = bundles_of(shown)
  local items = {}
  for i, page in ipairs(shown) do items[i] = item_of(page, of_bundles[page.id] or {wippy = {}}) end
  table.sort(items, comes_before)
  return items
end

local function is_route(route: any): boolean
  if type(route) ~= "string" or route:sub(-#REST) ~= REST then return false end
  local prefix = route:sub(1, -#REST - 1)
  return prefix == ""
    or (prefix:find("^/[a-z0-9/-]+$") ~= nil
      and not prefix:find("//", 1, true)
      and prefix:sub(-1) ~= "/")
end

--- Which page has which part of the paths of the host, whether it is announced or not. What is wrong with a route of any page is
--- wrong with all: an error names every such route.
function M.routes(): ({[string]: string}?, error?)
  local pages, err = all()
  if pages == nil then return nil, err end
  local owners: {[string]: string} = {}
  -- An object for whoever reads it as JSON, also when there are none.
  local routes: {[string]: string} = json.decode("{}")
  local wrong: {string} = {}
  for _, page in ipairs(pages) do
    local route = route_of(page)
    if route ~= nil and not is_route(route) then
      wrong[#wrong + 1] = page.id .. ": mountRoute must be " .. REST .. " or /<path>" .. REST
        .. " with a path of small letters, digits and hyphens: " .. tostring(route)
    elseif route ~= nil and owners[route] ~= nil then
      wrong[#wrong + 1] = page.id .. ": mountRoute " .. route .. " is taken by " .. owners[route]
    elseif route ~= nil then
      owners[route] = page.id
      if M.is_allowed(page) then routes[route] = page.id end
    end
  end
  if #wrong > 0 then
    return nil, errors.new({kind = errors.INVALID, message = table.concat(wrong, "\n")})
  end
  return routes
end

--- Where the bundle of a page is, for clients.
function M.base_url(page: Page): string
  return address.public(page.meta)
end

--- The file of a bundle that a browser opens first.
function M.entry_file(page: Page, of_bundle: bundle.Meta): string
  return tostring(page.meta.entry_point or of_bundle.wippy.path or INDEX)
end

--- How a host injects itself into a page.
function M.proxy(page: Page, of_bundle: bundle.Meta): any
  return merge.deep(of_bundle.wippy.proxy, page.meta.proxy) or {enabled = true}
end

--- What a page says of itself that is a bundle.
function M.bundle_of(page: Page): bundle.Meta
  return bundle.read({id = page.id, place = page.meta})
end

--- What a host needs in order to show a page that is a bundle.
function M.descriptor(page: Page): any
  local meta, of_bundle = page.meta, M.bundle_of(page)
  return {
    name = page.name,
    version = of_bundle.version,
    specification = of_bundle.specification,
    title = meta.title or of_bundle.wippy.title or of_bundle.title,
    baseUrl = M.base_url(page),
    wippy = {
      type = "page",
      path = M.entry_file(page, of_bundle),
      proxy = M.proxy(page, of_bundle),
      configOverrides = merge.deep(of_bundle.wippy.configOverrides, meta.config_overrides),
      renderEngine = meta.render_engine or of_bundle.wippy.renderEngine,
    },
  }
end

return M
