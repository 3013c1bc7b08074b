type Point = {x: number, y: number}
local p: Point = {x = 1, y = 2}
print(p.z)
--      ^ E0003
p.w = 3
--^ E0003
print(string.uper("a"))
--           ^^^^ E0003
