local function as(...) return ... end
local x = nil as("a", "b")
x = 1 as()
x = nil as("a" == "b")
x = nil as(x < 2) x = "" as(-1 .. x) x = "" as(not x) x = 2 as(2 - 1)
return x
