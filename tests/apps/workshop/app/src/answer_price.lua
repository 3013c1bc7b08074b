local funcs = require("funcs")
local http = require("http")

local function handle()
  local req, res = assert(http.request()), assert(http.response())
  local minutes = tonumber(req:param("minutes"))
  local cents, err = funcs.call("app:price", minutes)
  if err ~= nil then
    res:set_status(http.STATUS.BAD_REQUEST)
    res:write_json({error = err:message()})
    return
  end
  res:write_json({cents = cents})
end

return {handle = handle}
