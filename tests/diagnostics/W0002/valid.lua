local M = {}
M.x = 1
function M.f() end
local function g() end
g = nil
return M, g
