--- Where the files of pages and components are: for clients, and for this program.
---
--- AD1. What is said without a host is a path of the server of the module. Clients reach it by `PUBLIC_API_URL`; the program asks its
---      own listener, whatever a request says of hosts.

local env = require("env")
local registry = require("registry")
local system = require("system")

local ROUTER = "wippy.views:fragments"
local VARIABLE = "PUBLIC_API_URL"

--- What an entry and its bundle say of places.
type Place = {url: string?, base_path: string?}

local M = {Place = Place}

local function is_absolute(url: string): boolean
  return url:find("^%a[%w+.-]*://") ~= nil or url:sub(1, 2) == "//"
end

--- `<url>/<base_path>/`, always with a slash at its end; a path begins with one.
function M.folder(place: Place): string
  local url = (place.url or ""):gsub("/+$", "")
  local path = (place.base_path or ""):gsub("^/+", ""):gsub("/+$", "")
  if url ~= "" and not is_absolute(url) then url = "/" .. url:gsub("^/+", "") end
  return url .. (path == "" and "" or "/" .. path) .. "/"
end

--- The folder as clients reach it.
function M.public(place: Place): string
  local folder = M.folder(place)
  if is_absolute(folder) then return folder end
  return ((env.get(VARIABLE) or ""):gsub("/+$", "")) .. folder
end

--- The address of the server of the module.
local function own(): (string?, error?)
  local router = registry.get(ROUTER)
  local id = router ~= nil and tostring(router.meta.server) or ""
  local state, err = system.supervisor.state(id)
  if state == nil then return nil, err end
  local host, port = tostring(state.details):match("(%S*):(%d+)$")
  if port == nil then
    return nil, errors.new({
        kind = errors.UNAVAILABLE,
        message = "server " .. id .. " does not listen",
        retryable = true,
      })
  end
  local server = registry.get(id)
  local scheme = server ~= nil and server.data.tls ~= nil and "https" or "http"
  if host == "" or host == "0.0.0.0" or host == "[::]" then host = "127.0.0.1" end
  return scheme .. "://" .. host .. ":" .. port
end

--- The folder as this program reaches it, and whether it asks itself there.
function M.internal(place: Place): (string?, boolean, error?)
  local folder = M.folder(place)
  if folder:sub(1, 2) == "//" then return "https:" .. folder, false end
  if is_absolute(folder) then return folder, false end
  local server, err = own()
  if server == nil then return nil, true, err end
  return server .. folder, true
end

return M
