--- Tokens over HTTP, for administrators.

local http = require("http")

local M = {}

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

--- `POST /keeper/mcp/tokens`
function M.create()
  answers.for_admin(function(req: http.Request, actor: security.Actor): (any, error?)
    local body, unreadable = answers.body_of(req)
    if unreadable ~= nil then return nil, unreadable end
    local text, token, err = tokens.create(actor, body, surface.known_scopes())
    if token == nil then return nil, err end
    local made = shown(token)
    made.token = text
    return {token = made}
  end, http.STATUS.CREATED)
end

--- `GET /keeper/mcp/tokens`
function M.list()
  answers.for_admin(function(): (any, error?)
    local found, err = tokens.list()
    if found == nil then return nil, err end
    local list = {}
    for i, token in ipairs(found) do list[i] = shown(token) end
    return {tokens = list}
  end)
end

--- `POST /keeper/mcp/tokens/revoke`
function M.revoke()
  answers.for_admin(function(req: http.Request): (any, error?)
    local body, unreadable = answers.body_of(req)
    if unreadable ~= nil then return nil, unreadable end
    if type(body.id) ~= "string" then
      return nil, errors.new({kind = errors.INVALID, message = "id: the id of a token is expected"})
    end
    local _, err = tokens.revoke(body.id)
    if err ~= nil then return nil, err end
    return {}
  end)
end

--- `GET /keeper/mcp/scopes`
function M.scopes()
  answers.for_admin(function(): any
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
    return {scopes = list, presets = scopes.PRESETS, access_modes = scopes.ACCESS_MODES}
  end)
end

return M
