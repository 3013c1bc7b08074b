local open = {}
open.later = 1
type Point = {x: number}
local p: Point = {x = 1}
print(open.later, open.other, p.x)
