local http = require("http")
local funcs = require("funcs")

local function handler()
  local request = http.request()
  local response = http.response()

  local greeting, err = funcs.call("app:greet", {name = request:query("name")})
  if err then
    response:set_status(500)
    response:write_json({error = err:message()})
    return
  end
  response:write_json(greeting)
end

return {handler = handler}
