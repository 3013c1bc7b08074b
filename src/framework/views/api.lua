--- The registry of pages and components over HTTP.

local http = require("http")

local M = {}

local function fail(res: http.Response, status: integer, message: string, details: any)
  res:set_status(status)
  res:write_json({success = false, error = message, details = details and tostring(details)})
end

--- `GET /pages/list`
function M.list_pages()
  local res = assert(http.response())
  local items, err = pages.list()
  if items == nil then return fail(res, http.STATUS.INTERNAL_ERROR, "Failed to list pages", err) end
  res:write_json({success = true, count = #items, pages = items})
end

--- `GET /pages/routes`
function M.list_routes()
  local res = assert(http.response())
  local routes, err = pages.routes()
  if routes == nil then
    return fail(res, http.STATUS.INTERNAL_ERROR, err ~= nil and err:message() or "", nil)
  end
  local count = 0
  for _ in pairs(routes) do count = count + 1 end
  res:write_json({success = true, count = count, routes = routes})
end

--- The page of the path, unless it was answered already.
local function page_of(req: http.Request, res: http.Response): pages.Page?
  local id = req:param("id") or ""
  if id == "" then return fail(res, http.STATUS.BAD_REQUEST, "Page id is required", nil) end
  local page, err = pages.get(id)
  if page == nil then return fail(res, http.STATUS.NOT_FOUND, "Page not found", err) end
  if not pages.is_allowed(page) then
    return fail(res, http.STATUS.UNAUTHORIZED, "Access denied", nil)
  end
  return page
end

--- `GET /pages/content/{id}`
function M.page_content()
  local req, res = assert(http.request()), assert(http.response())
  local page = page_of(req, res)
  if page == nil then return end
  if page.template == nil then
    res:write_json(pages.descriptor(page))
    return
  end
  local text, err = renderer.render_page(page, req:params(), req:query_params())
  if text == nil then return fail(res, http.STATUS.INTERNAL_ERROR, "Failed to render page", err) end
  res:set_content_type(page.content_type)
  res:write(text)
end

--- `GET /pages/public/{id}`
function M.page_base()
  local req, res = assert(http.request()), assert(http.response())
  local page = page_of(req, res)
  if page ~= nil then res:write_json({baseUrl = pages.base_url(page)}) end
end

--- `GET /components/list`
function M.list_components()
  local req, res = assert(http.request()), assert(http.response())
  local items, err = components.list(ids.is_true(req:query("auto_register")))
  if items == nil then
    return fail(res, http.STATUS.INTERNAL_ERROR, "Failed to list components", err)
  end
  res:write_json({success = true, count = #items, components = items})
end

local STATUS_OF = {
  [errors.NOT_FOUND] = http.STATUS.NOT_FOUND,
  [errors.PERMISSION_DENIED] = http.STATUS.FORBIDDEN,
}

--- `GET /components/by-tag/{tag}`
function M.component_by_tag()
  local req, res = assert(http.request()), assert(http.response())
  local tag = req:param("tag") or ""
  if tag == "" then return fail(res, http.STATUS.BAD_REQUEST, "Tag is required", nil) end
  local component, err = components.by_tag(tag)
  if err ~= nil then
    return fail(res, STATUS_OF[err:kind()] or http.STATUS.INTERNAL_ERROR, err:message(), nil)
  end
  res:write_json({success = true, component = component})
end

return M
