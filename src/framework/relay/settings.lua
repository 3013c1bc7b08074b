--- The parameters of the module.

local registry = require("registry")
local time = require("time")

local PREFIX = "wippy.relay:"
--- How often hubs are looked at while one may be idle for its whole timeout.
local LOOKS_PER_TIMEOUT = 2.5

--- Durations in nanoseconds.
type Settings = {
  host: string,
  scope: string,
  connections_max: integer,
  queue_max: integer,
  inactivity: number,
  look_every: integer
}

local M = {}

local function text(name: string): string
  local entry = registry.get(PREFIX .. name)
  local value = entry ~= nil and entry.data.default or nil
  if value == nil or value == "" then
    error("the parameter " .. name .. " of wippy/relay is required", 0)
  end
  return tostring(value)
end

local function count(name: string): integer
  local written = text(name)
  local number = math.tointeger(tonumber(written))
  if number == nil or number < 1 then
    error(
      "the parameter " .. name .. " of wippy/relay must be a whole number from 1 on, not "
        .. written,
      0
    )
  end
  return number
end

--- What an application wrote. Raises what is wrong with it.
function M.read(): Settings
  local written = text("user_hub_inactivity_timeout")
  local timeout = time.parse_duration(written)
  if timeout == nil or timeout:nanoseconds() <= 0 then
    error(
      "the parameter user_hub_inactivity_timeout of wippy/relay must be a duration such as 7200s, not "
        .. written,
      0
    )
  end
  local connections_max = count("max_connections_per_user")
  local inactivity = timeout:nanoseconds()
  return {
    host = text("application_host"),
    scope = text("user_security_scope"),
    connections_max = connections_max,
    queue_max = connections_max * count("queue_multiplier"),
    inactivity = inactivity,
    look_every = math.max(1, math.floor(inactivity / LOOKS_PER_TIMEOUT)),
  }
end

return M
