local function as(...) return ... end
local x = nil as("a", "b")
x = 1 as()
return x
