--- The bundle that shows pages in a browser, and what of it a fragment loads.

local http_client = require("http_client")
local json = require("json")
local registry = require("registry")
local store = require("store")

--- Where the facade, if there is one, says it is.
local FACADE = "wippy.facade:fe_facade_url"
local URL = "https://web-host.wippy.ai/webcomponents-1.0.56"
local MAP_FILE = "/import-map.json"
local MAPS = "wippy.views:import_maps"
local MAP_SECONDS = 300
local TIMEOUT = "2s"
local BYTES_MAX = 1024 * 1024
--- Style sheets by the flags that inject them.
local SHEETS = {
  {flag = "themeConfig", files = {"theme-config.css"}},
  {flag = "primevue", files = {"primevue.css", "tailwind.css"}},
  {flag = "iframe", files = {"iframe.css"}},
  {flag = "markdown", files = {"markdown.css"}},
}

local M = {}

--- Its address, without a slash at its end.
function M.url(): string
  local entry = registry.get(FACADE)
  local said = entry ~= nil and entry.data.default or nil
  if type(said) ~= "string" or said == "" then said = URL end
  return (said:gsub("/+$", ""))
end

--- Links to its style sheets, as far as a page wants them.
function M.links(proxy: any): string
  local css = ((proxy or {}).injections or {}).css or {}
  local links = {}
  for _, sheet in ipairs(SHEETS) do
    for _, file in ipairs(css[sheet.flag] ~= false and sheet.files or {}) do
      links[#links + 1] = "<link rel=\"stylesheet\" href=\"" .. html.escaped(M.url() .. "/" .. file)
        .. "\">"
    end
  end
  return table.concat(links)
end

--- Addresses in a map of imports are as seen from the bundle.
local function resolved(address: string, url: string): string
  if address:find("^%.%.?/") ~= nil then return url .. "/" .. address:gsub("^%./", "") end
  if address:sub(1, 1) == "/" then return (url:match("^%a+://[^/]+") or "") .. address end
  return address
end

--- The map of imports of the bundle, as JSON that may stand in a script.
local function import_map(): (string?, error?)
  local url = M.url()
  local kept = store.get(MAPS)
  local known = kept ~= nil and kept:get(url) or nil
  if known ~= nil then return known end
  local response, err = http_client.get(url .. MAP_FILE, {
    timeout = TIMEOUT,
    max_response_body = BYTES_MAX
  })
  if response == nil then return nil, err end
  local map = response.status_code == 200 and json.decode(response.body) or nil
  if type(map) ~= "table" or type(map.imports) ~= "table" then
    return nil, errors.new({
        kind = errors.UNAVAILABLE,
        message = "no map of imports (status " .. response.status_code .. ")",
        retryable = true,
      })
  end
  for name, address in pairs(map.imports) do
    map.imports[name] = resolved(tostring(address), url)
  end
  local text = (json.encode(map) or ""):gsub("<", "\\u003c")
  -- Without a place for it the map is read anew.
  local _ = kept ~= nil and kept:set(url, text, MAP_SECONDS)
  return text
end

--- The document of the realm of a fragment.
function M.stub(): (string?, error?)
  local map, err = import_map()
  if map == nil then return nil, err end
  local url = html.escaped(M.url())
  return "<!DOCTYPE html><html><head><script type=\"importmap\">" .. map
    .. "</script><script src=\"" .. url .. "/loading.js\"></script><script src=\"" .. url
    .. "/proxy-fragment.js\"></script></head><body></body></html>"
end

return M
