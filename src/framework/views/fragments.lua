--- Pages as fragments of the page that shows them: `/@fragment/{id}/...`.
---
--- F1. One address has three answers: the document of its realm where a browser asks for an iframe, the page where nothing follows its
---     id, and a file of the page's bundle elsewhere.
--- F2. What only some may see is kept by no cache that others share.
--- F3. A path never leaves the folder of its bundle.

local http = require("http")

local PREFIX = "/@fragment/"
local TIMEOUT = "10s"
local DOCUMENT_BYTES_MAX = 16 * 1024 * 1024
local HTML = "text/html; charset=utf-8"
local TEXT = "text/plain; charset=utf-8"

local M = {}

local function fail(res: http.Response, status: integer, message: string)
  res:set_status(status)
  res:set_content_type(TEXT)
  res:set_header("Cache-Control", "no-store")
  res:write(message)
end

local function unreachable(res: http.Response, what: string, why: any, url: string)
  fail(
    res,
    http.STATUS.BAD_GATEWAY,
    "Fragment " .. what .. " fetch failed: " .. tostring(why) .. " (url: " .. url .. ")"
  )
end

local function serve(res: http.Response, text: string, cache: string)
  res:set_content_type(HTML)
  res:set_header("Cache-Control", cache)
  res:set_header("Vary", "Sec-Fetch-Dest")
  res:write(text)
end

local function serve_stub(res: http.Response)
  local text, err = web_host.stub()
  if text == nil then return unreachable(res, "host", err, web_host.url()) end
  serve(res, text, "public, max-age=300")
end

local function serve_template(req: http.Request, res: http.Response, page: pages.Page)
  local text, err = renderer.render_page(page, {}, req:query_params())
  if text == nil then
    return fail(res, http.STATUS.INTERNAL_ERROR, "Failed to render page: " .. tostring(err))
  end
  serve(res, html.part(text, web_host.links(nil)), "private, max-age=60")
end

local function serve_document(res: http.Response, page: pages.Page)
  local of_bundle = pages.bundle_of(page)
  local file = pages.entry_file(page, of_bundle)
  local url = pages.base_url(page) .. file
  local response, err = files.get(page.meta, file, {
    timeout = TIMEOUT,
    max_response_body = DOCUMENT_BYTES_MAX,
  })
  if response == nil then return unreachable(res, "document", err, url) end
  if response.status_code ~= 200 then
    return unreachable(res, "document", "status " .. response.status_code, url)
  end
  local base = "<base href=\"" .. html.escaped(pages.base_url(page)) .. "\">"
  local head = base .. web_host.links(pages.proxy(page, of_bundle))
  serve(res, html.part(response.body, head), "private, max-age=60")
end

local function leaves(path: string): boolean
  local decoded = path:gsub("%%(%x%x)", function(hex: string): string
    return string.char(tonumber(hex, 16))
  end):gsub("\\", "/")
  return ("/" .. decoded .. "/"):find("/%.%.?/") ~= nil
end

local function serve_file(req: http.Request, res: http.Response, page: pages.Page, path: string)
  if page.template ~= nil or leaves(path) then
    return fail(res, http.STATUS.NOT_FOUND, "Fragment file not found")
  end
  local response, err = files.get(page.meta, path, {
    timeout = TIMEOUT,
    stream = true,
    query = req:query_params(),
  })
  if response == nil then
    return unreachable(res, "asset", err, pages.base_url(page) .. path)
  end
  res:set_status(response.status_code)
  res:set_content_type(response.headers["Content-Type"] or http.CONTENT.STREAM)
  res:set_header("Cache-Control", "private, max-age=300")
  while response.stream ~= nil do
    local piece = response.stream:read()
    if piece == nil then break end
    res:write(piece)
  end
end

--- `GET /@fragment/{id}/{path...}`
function M.handle()
  local req, res = assert(http.request()), assert(http.response())
  local id = req:param("id") or ""
  if id == "" then return fail(res, http.STATUS.BAD_REQUEST, "Missing fragment id") end
  local page = pages.get(id)
  if page == nil then return fail(res, http.STATUS.NOT_FOUND, "Fragment page not found") end
  if req:header("Sec-Fetch-Dest") == "iframe" then return serve_stub(res) end
  if not pages.is_allowed(page) then return fail(res, http.STATUS.UNAUTHORIZED, "Access denied") end
  local path = (req:path() or ""):match("^" .. PREFIX .. "[^/]*/?(.*)$") or ""
  if path ~= "" then return serve_file(req, res, page, path) end
  if page.template ~= nil then return serve_template(req, res, page) end
  serve_document(res, page)
end

return M
