local http = require("http")
local json = require("json")
local security = require("security")

local function handler()
  local response = http.response()
  local actor = security.actor()
  if not actor then
    response:set_status(http.STATUS.UNAUTHORIZED)
    response:write_json({error = "authentication required"})
    return
  end
  if not security.can("watch", "quotes") then
    response:set_status(http.STATUS.FORBIDDEN)
    response:write_json({error = "not for you"})
    return
  end
  local ticker = assert(process.registry.lookup("ticker"))
  response:set_header("X-WS-Relay", json.encode({
    target_pid = ticker,
    message_topic = "client.says",
    metadata = {user = actor:id(), role = actor:meta().role},
  }))
end

return {handler = handler}
