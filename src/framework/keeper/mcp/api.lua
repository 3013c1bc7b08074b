--- Tokens over HTTP, for administrators.

local http = require("http")

local STATUSES: {[string]: integer} = {
  [errors.INVALID] = http.STATUS.BAD_REQUEST,
  [errors.NOT_FOUND] = http.STATUS.NOT_FOUND,
  [errors.PERMISSION_DENIED] = http.STATUS.FORBIDDEN,
}

local M = {}

local function write(res: http.Response, status: integer, value: any)
  res:set_status(status)
  res:set_header("Cache-Control", "no-store")
  res:write_json(value)
end

local function write_error(res: http.Response, err: error)
  local details = err:details()
  local status = type(details) == "table" and details.anonymous and http.STATUS.UNAUTHORIZED
    or STATUSES[err:kind()]
    or http.STATUS.INTERNAL_ERROR
  write(res, status, {success = false, error = err:message()})
end

--- What of a token is shown; its text never is again.
local function shown(token: tokens.Token): any
  return {
    id = token.id,
    label = token.label,
    preset = token.preset,
    scopes = token.scopes,
    access_mode = token.access_mode,
    actor_id = token.actor_id,
    created_at = token.created_at,
    expires_at = token.expires_at,
    last_used_at = token.last_used_at,
    revoked_at = token.revoked_at,
  }
end

--- Does something for an administrator; others hear why not.
local function for_admin(
  act: (req: http.Request, res: http.Response, actor: security.Actor) -> error?
)
  local req, res = assert(http.request()), assert(http.response())
  local actor, err = admins.asking(req)
  local failed = err
  if actor ~= nil then failed = act(req, res, actor) end
  if failed ~= nil then write_error(res, failed) end
end

local function body_of(req: http.Request): (any, error?)
  local body, err = req:body_json()
  if err == nil then return body end
  return nil,
    errors.new({kind = errors.INVALID, message = "the body is no JSON: " .. err:message()})
end

--- `POST /keeper/mcp/tokens`
function M.create()
  for_admin(function(req: http.Request, res: http.Response, actor: security.Actor): error?
    local body, unreadable = body_of(req)
    if unreadable ~= nil then return unreadable end
    local text, token, err = tokens.create(actor, body, surface.known_scopes())
    if token == nil then return err end
    local made = shown(token)
    made.token = text
    write(res, http.STATUS.CREATED, {success = true, token = made})
    return nil
  end)
end

--- `GET /keeper/mcp/tokens`
function M.list()
  for_admin(function(_req: http.Request, res: http.Response): error?
    local found, err = tokens.list()
    if found == nil then return err end
    local list = {}
    for i, token in ipairs(found) do list[i] = shown(token) end
    write(res, http.STATUS.OK, {success = true, tokens = list})
    return nil
  end)
end

--- `POST /keeper/mcp/tokens/revoke`
function M.revoke()
  for_admin(function(req: http.Request, res: http.Response): error?
    local body, unreadable = body_of(req)
    if unreadable ~= nil then return unreadable end
    local id = type(body) == "table" and body.id or nil
    if type(id) ~= "string" then
      return errors.new({kind = errors.INVALID, message = "id: the id of a token is expected"})
    end
    local _, err = tokens.revoke(id)
    if err ~= nil then return err end
    write(res, http.STATUS.OK, {success = true})
    return nil
  end)
end

--- `GET /keeper/mcp/scopes`
function M.scopes()
  for_admin(function(_req: http.Request, res: http.Response): error?
    local descriptions: {[string]: string} = {}
    for _, scope in ipairs(scopes.ALL) do descriptions[scope.name] = scope.description end
    local list = {}
    for i, name in ipairs(surface.known_scopes()) do
      list[i] = {
        name = name,
        family = name:match("^[^.]+"),
        description = descriptions[name] or "tools of the application"
      }
    end
    write(res, http.STATUS.OK, {
      success = true,
      scopes = list,
      presets = scopes.PRESETS,
      access_modes = scopes.ACCESS_MODES
    })
    return nil
  end)
end

return M
