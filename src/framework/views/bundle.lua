--- What the authors of a bundle say of it: `wippy-meta.json` beside its files.
---
--- B1. An entry whose bundle says nothing is described by its fields alone, and one warning tells why.

local json = require("json")
local logger = require("logger")
local store = require("store")

local FILE = "wippy-meta.json"
--- Of those without an answer, so that each is told of once.
local SILENT = "wippy.views:silent_bundles"
local TIMEOUT = "2s"
local BYTES_MAX = 1024 * 1024
local VERSION = "1.0.0"
local SPECIFICATION = "wippy-component-1.0"
local ASKED_AT_ONCE_MAX = 16

--- The parts of it that descriptions are made of.
type Meta = {
  name: any,
  version: any,
  specification: any,
  title: any,
  icon: any,
  description: any,
  browser: any,
  wippy: any
}
--- What has a bundle.
type Bundled = {id: string, place: address.Place}

local M = {Meta = Meta, Bundled = Bundled}

local function is_told(id: string): boolean
  local told = store.get(SILENT)
  return told ~= nil and told:put(id, true, {only_if_absent = true}) == nil
end

local function read(place: address.Place): (any, string?)
  local response, err = files.get(place, FILE, {timeout = TIMEOUT, max_response_body = BYTES_MAX})
  if response == nil then return nil, tostring(err) end
  if response.status_code ~= 200 then return nil, "status " .. response.status_code end
  local meta = json.decode(response.body)
  if type(meta) ~= "table" or #meta > 0 then return nil, "its JSON is no object" end
  if type(meta.wippy) ~= "table" then meta.wippy = {} end
  return meta, nil
end

--- What a bundle says of itself; nothing but a version and a specification when it can't be read.
function M.read(bundled: Bundled): Meta
  local meta, why = read(bundled.place)
  if meta ~= nil then
    meta.version = meta.version or VERSION
    meta.specification = meta.specification or SPECIFICATION
    return meta
  end
  if not is_told(bundled.id) then
    logger:warn("a bundle tells nothing of itself; its entry alone describes it", {
      entry = bundled.id,
      file = address.folder(bundled.place) .. FILE,
      error = why,
    })
  end
  return {version = VERSION, specification = SPECIFICATION, wippy = {}}
end

--- The same of several, by their ids; they are asked beside each other.
function M.read_all(all: {Bundled}): {[string]: Meta}
  local found: {[string]: Meta} = {}
  local asked = 0
  local done = channel.new(ASKED_AT_ONCE_MAX)
  local function work()
    while asked < #all do
      asked = asked + 1
      local bundled = all[asked]
      found[bundled.id] = M.read(bundled)
    end
    done:send(true)
  end
  local workers = math.min(#all, ASKED_AT_ONCE_MAX)
  for _ = 1, workers do coroutine.spawn(work) end
  for _ = 1, workers do done:receive() end
  return found
end

return M
