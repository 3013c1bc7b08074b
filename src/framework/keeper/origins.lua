--- Where requests come from: a browser tells the site of the page that sends one.

local M = {}

--- Whether a request comes from a page of another site.
function M.is_foreign(req: http.Request): boolean
  local origin = req:header("Origin")
  if origin == nil or origin == "" then return false end
  return origin:match("^%a[%w+.-]*://(.+)$") ~= req:host()
end

--- Whether a page of another site may have a browser send it with what that keeps for this one: a request that shows a token by
--- itself can't be sent without knowing it.
function M.is_forgeable(req: http.Request): boolean
  local shown = req:header("Authorization")
  return (shown == nil or shown == "") and M.is_foreign(req)
end

return M
