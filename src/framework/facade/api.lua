--- The page and its configuration over HTTP.

local http = require("http")
local registry = require("registry")
local templates = require("templates")

local CONFIG_ENDPOINT = "wippy.facade:config.endpoint"
local SHELL_SET = "wippy.facade:templates"
local SHELL = "shell"
local HOUR = "public, max-age=3600"

local M = {}

--- `GET /facade/config`
function M.config()
  local res = assert(http.response())
  res:write_json(config.of(settings.read()))
end

--- `GET /facade/variables.css`
function M.variables()
  local res = assert(http.response())
  res:set_content_type("text/css; charset=utf-8")
  res:set_header("Cache-Control", HOUR)
  res:write(variables.sheet(settings.read():json("css_variables")))
end

--- `GET /facade/theme-persist.js`
function M.theme_script()
  local res = assert(http.response())
  res:set_content_type("application/javascript; charset=utf-8")
  res:set_header("Cache-Control", HOUR)
  res:write(theme_script.text(config.theme_storage(settings.read())))
end

--- The path that the endpoints are below.
local function api_path(): string
  local endpoint = registry.get(CONFIG_ENDPOINT)
  local router = endpoint ~= nil and registry.get(tostring(endpoint.meta.router)) or nil
  local prefix = router ~= nil and tostring(router.data.prefix or "/") or "/"
  return (("/" .. prefix):gsub("/+", "/"):gsub("/$", ""))
end

local function cookie(header: string, name: string): string?
  for pair in header:gmatch("[^;]+") do
    local key, value = pair:match("^%s*(.-)=(.-)%s*$")
    if key == name then return value end
  end
  return nil
end

--- The mode that the browser of a request has kept in a cookie, when it is one of a forced theme.
local function kept_theme(req: http.Request, said: settings.Settings): string?
  local persist, key = config.theme_storage(said)
  if persist ~= "cookie" then return nil end
  local kept = cookie(req:header("Cookie") or "", key)
  if kept == "light" or kept == "dark" then return kept end
  return nil
end

--- `GET /`, and whatever nobody else answers.
function M.shell()
  local req, res = assert(http.request()), assert(http.response())
  local said = settings.read()
  local set = assert(templates.get(SHELL_SET))
  local text = assert(set:render(SHELL, {
    api = api_path(),
    theme = kept_theme(req, said) or "",
    title = said:text("app_title"),
  }))
  set:release()
  res:set_content_type("text/html; charset=utf-8")
  res:set_header("Cache-Control", "no-store")
  res:write(text)
end

return M
