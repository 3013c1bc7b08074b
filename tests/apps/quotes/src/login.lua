local http = require("http")
local sql = require("sql")
local security = require("security")

local function refuse(response, status: integer, why: string)
  response:set_status(status)
  response:write_json({error = why})
end

local function handler()
  local request, response = http.request(), http.response()
  local body, err = request:body_json()
  if err then return refuse(response, http.STATUS.BAD_REQUEST, "invalid JSON") end
  if type(body.key) ~= "string" then
    return refuse(response, http.STATUS.BAD_REQUEST, "key required")
  end

  local db = assert(sql.get("app:db"))
  local rows = assert(db:query("SELECT user FROM keys WHERE key = ?", {body.key}))
  db:release()
  if not rows[1] then return refuse(response, http.STATUS.UNAUTHORIZED, "wrong key") end

  local actor = security.new_actor(rows[1].user, {role = "member"})
  local scope = assert(security.named_scope("app:member"))
  local tokens = assert(security.token_store("app:tokens"))
  local token = assert(tokens:create(actor, scope, {expiration = "1h"}))
  tokens:close()
  response:write_json({token = token, user = actor:id(), expires_in = 3600})
end

return {handler = handler}
