local age: number @least(0) = 3
--                ^^^^^^^^^ E0011
local name: string @min_len("3") = "abc"
--                 ^^^^^^^^^^^^^ E0011
return age, name
