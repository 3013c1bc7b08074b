--- Pages that are templates, rendered.

local funcs = require("funcs")
local templates = require("templates")

local M = {}

--- Renders a page whatever the caller may see; `params` are those of the route, `query` those of the address.
function M.render_page(page: pages.Page, params: any, query: any): (string?, error?)
  local template = page.template
  if template == nil or template.set == nil then
    return nil, errors.new({
        kind = errors.INVALID,
        message = "page " .. page.id .. " is no template: a browser loads it from "
          .. pages.base_url(page),
      })
  end
  local data: any, failed = {}, nil
  if template.data_func ~= nil then
    data, failed = funcs.call(template.data_func, {params = params or {}, query = query or {}})
    if failed ~= nil then return nil, failed end
  end
  local found, missing = resources.collect(page)
  if found == nil then return nil, missing end
  local variables, unknown = environment.load()
  if variables == nil then return nil, unknown end
  local set, err = templates.get(template.set)
  if set == nil then return nil, err end
  local text, wrong = set:render(template.name, {
    data = data or {},
    resources = found,
    query_params = query or {},
    route_params = params or {},
    env = variables,
  })
  set:release()
  return text, wrong
end

--- Renders the page with that id, which the caller must be allowed to see.
function M.render(page_id: string, params: any, query: any): (string?, error?)
  local page, err = pages.get(page_id)
  if page == nil then return nil, err end
  if not pages.is_allowed(page) then
    return nil, errors.new({kind = errors.PERMISSION_DENIED, message = "Access denied"})
  end
  return M.render_page(page, params, query)
end

return M
