--- The date and the time as a sentence. Rounded down, so that a prompt stays the same for a while.

local time = require("time")

local ZONE = "UTC"
local INTERVAL_MINUTES = 15

local function tell(context: any): string
  local given = type(context) == "table" and context or {}
  local zone = type(given.timezone) == "string" and given.timezone ~= "" and given.timezone or ZONE
  local location = time.load_location(zone)
  if location == nil then zone, location = ZONE, assert(time.load_location(ZONE)) end
  local minutes = math.floor(tonumber(given.time_interval) or INTERVAL_MINUTES)
  local seconds = time.now():unix()
  if minutes > 0 then seconds = seconds - seconds % (minutes * 60) end
  local now = time.unix(seconds, 0):in_location(location)
  return "It is " .. now:format("Monday, 2 January 2006, 15:04") .. " (" .. zone .. ")."
end

return {tell = tell}
