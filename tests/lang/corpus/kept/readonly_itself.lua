type T = readonly T
type A = readonly B
type B = A?
local x: T = 1
local y: B = x
return x, y
