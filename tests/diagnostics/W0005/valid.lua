local M = {}
function M:f(a, _b, ...) return a, self end
return M
