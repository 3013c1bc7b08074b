--- Who may use keeper: whoever holds every policy of the group that `admin_scope` names.
---
--- AD1. A request that a page of another site may have sent by a browser's cookies is nobody's.

local security = require("security")

--- What it takes to see which policies make an administrator.
local READ_ENTRY, PARAMETER = "registry.get", "keeper:admin_scope"
local OPEN_GROUP = "security.policy_group.get"

local M = {}

local function denied(message: string, is_anonymous: boolean): error
  return errors.new({
    kind = errors.PERMISSION_DENIED,
    message = message,
    details = {anonymous = is_anonymous}
  })
end

--- The scope that keeper acts in for administrators.
function M.scope(): (security.Scope?, error?)
  local id, unknown = settings.admin_scope()
  if id == nil then return nil, unknown end
  local scope, err = security.named_scope(id)
  if scope ~= nil and #scope:policies() > 0 then return scope end
  local why = err ~= nil and err:message() or "no policy is in that group"
  return nil, errors.new({
      kind = errors.NOT_FOUND,
      message = "admin_scope of keeper/keeper is " .. id .. ": " .. why
    })
end

--- The administrator who sends a request; PERMISSION_DENIED for others, with `details().anonymous` where nobody is known.
function M.asking(req: http.Request): (security.Actor?, error?)
  if origins.is_forgeable(req) then return nil, denied("not for pages of other sites", false) end
  local actor, held = security.actor(), security.scope()
  if actor == nil then return nil, denied("log in as an administrator", true) end
  local only = "only administrators may do that: " .. actor:id()
  if not security.can(READ_ENTRY, PARAMETER) then
    return nil, denied(only .. " may not even read " .. PARAMETER, false)
  end
  local id, unknown = settings.admin_scope()
  if id == nil then return nil, unknown end
  if not security.can(OPEN_GROUP, id) then
    return nil, denied(only .. " may not even open the group " .. id, false)
  end
  local scope, err = M.scope()
  if scope == nil then return nil, err end
  for _, policy in ipairs(scope:policies()) do
    if held == nil or not held:contains(policy:id()) then
      return nil, denied(only .. " does not hold " .. policy:id(), false)
    end
  end
  return actor
end

return M
