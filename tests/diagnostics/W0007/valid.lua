local value, err = pcall(print)
local other, err = pcall(print)
local function f(param) return param end
return value, other, err, f
