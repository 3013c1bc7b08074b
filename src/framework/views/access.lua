--- Who may see what is marked as secure.

local security = require("security")

local ACTION = "view"

local M = {}

--- Whether the caller may see it: anybody, unless it is secure; then actors whose scope allows `view` on `<what>:<id>`.
function M.is_allowed(what: "page" | "component", id: string, secure: boolean): boolean
  if not secure then return true end
  if security.actor() == nil or security.scope() == nil then return false end
  return security.can(ACTION, what .. ":" .. id)
end

return M
