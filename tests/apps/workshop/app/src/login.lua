local http = require("http")
local security = require("security")

local PASSWORDS = {ann = "open", bob = "shut"}
local GROUPS = {ann = "app:admin", bob = "app:member"}

local function handle()
  local req, res = assert(http.request()), assert(http.response())
  local given = req:body_json() or {}
  if PASSWORDS[given.name] == nil or PASSWORDS[given.name] ~= given.password then
    res:set_status(http.STATUS.UNAUTHORIZED)
    res:write_json({error = "wrong name or password"})
    return
  end
  local tokens = assert(security.token_store("app:tokens"))
  local scope = assert(security.named_scope(GROUPS[given.name]))
  local token = assert(tokens:create(security.new_actor(given.name), scope, {expiration = "1h"}))
  tokens:close()
  res:set_header("Set-Cookie", "x-auth-token=" .. token .. "; Path=/; HttpOnly; SameSite=Strict")
  res:write_json({token = token})
end

return {handle = handle}
