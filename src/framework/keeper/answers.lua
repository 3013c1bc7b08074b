--- Answers of the API, which is for administrators.

local http = require("http")

local STATUSES: {[string]: integer} = {
  [errors.INVALID] = http.STATUS.BAD_REQUEST,
  [errors.NOT_FOUND] = http.STATUS.NOT_FOUND,
  [errors.CONFLICT] = http.STATUS.CONFLICT,
  [errors.PERMISSION_DENIED] = http.STATUS.FORBIDDEN,
  [errors.UNAVAILABLE] = http.STATUS.SERVICE_UNAVAILABLE,
}

local M = {}

local function write(res: http.Response, status: integer, value: any)
  res:set_status(status)
  res:set_header("Cache-Control", "no-store")
  res:write_json(value)
end

local function status_of(err: error): integer
  local details = err:details()
  if type(details) == "table" and details.anonymous then return http.STATUS.UNAUTHORIZED end
  return STATUSES[err:kind()] or http.STATUS.INTERNAL_ERROR
end

--- Answers an administrator with what `act` gives, and `success`; others, and who asked for what can't be done, hear why not.
function M.for_admin(
  act: (req: http.Request, actor: security.Actor) -> (any, error?),
  status: integer?
)
  local req, res = assert(http.request()), assert(http.response())
  local actor, err = admins.asking(req)
  local value
  if actor ~= nil then value, err = act(req, actor) end
  if err ~= nil then
    return write(res, status_of(err), {success = false, kind = err:kind(), error = err:message()})
  end
  value.success = true
  write(res, status or http.STATUS.OK, value)
end

--- The body of a request, a JSON object.
function M.body_of(req: http.Request): (any, error?)
  local body, err = req:body_json()
  if err == nil and type(body) == "table" then return body end
  local why = err ~= nil and err:message() or "an object is expected"
  return nil, errors.new({kind = errors.INVALID, message = "the body is no JSON: " .. why})
end

return M
