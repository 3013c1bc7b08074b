--- The page of keeper, its sheet and its script.

local http = require("http")
local registry = require("registry")
local templates = require("templates")

local SET = "keeper.ui:pages"
local ENDPOINT = "keeper.ui:tools.call.endpoint"
local TYPES = {
  ["sheet.css"] = {template = "sheet", type = "text/css; charset=utf-8"},
  ["script.js"] = {template = "script", type = "application/javascript; charset=utf-8"},
}
local POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
  .. "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"

local M = {}

--- The path that the API is below.
local function api_path(): string
  local endpoint = registry.get(ENDPOINT)
  local router = endpoint ~= nil and registry.get(tostring(endpoint.meta.router)) or nil
  local prefix = router ~= nil and tostring(router.data.prefix or "/") or "/"
  return (("/" .. prefix):gsub("/+", "/"):gsub("/$", ""))
end

local function write(res: http.Response, template: string, content_type: string)
  local set = assert(templates.get(SET))
  local text = assert(set:render(template, {api = api_path()}))
  set:release()
  res:set_content_type(content_type)
  res:set_header("Cache-Control", "no-store")
  res:set_header("Content-Security-Policy", POLICY)
  res:set_header("X-Content-Type-Options", "nosniff")
  res:write(text)
end

--- `GET /app/keeper`
function M.page()
  write(assert(http.response()), "page", "text/html; charset=utf-8")
end

--- `GET /app/keeper/{part}`
function M.part()
  local req, res = assert(http.request()), assert(http.response())
  local part = TYPES[req:param("part") or ""]
  if part == nil then
    res:set_status(http.STATUS.NOT_FOUND)
    res:write("not found")
    return
  end
  write(res, part.template, part.type)
end

return M
