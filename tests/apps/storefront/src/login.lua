local http = require("http")
local security = require("security")

local function handle()
  local req, res = http.request(), http.response()
  local body = req:body_json() or {}
  if body.password ~= "let me in" then
    res:set_status(http.STATUS.UNAUTHORIZED)
    res:write_json({error = "no"})
    return
  end
  local store = assert(security.token_store("app:tokens"))
  local scope = security.new_scope({assert(security.policy("app:keeper"))})
  local token = assert(store:create(security.new_actor(body.name), scope, {expiration = "1h"}))
  store:close()
  res:write_json({token = token})
end

return {handle = handle}
