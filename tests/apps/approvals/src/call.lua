local funcs = require("funcs")
local security = require("security")

local function handle(...)
  local scope = security.new_scope({assert(security.policy("app:desk"))})
  local ann = security.new_actor("ann", {team = "press"})
  return funcs.new():with_actor(ann):with_scope(scope):call("app:desk_call", ...)
end

return {handle = handle}
