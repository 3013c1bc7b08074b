local x: number = "hello"
--                ^^^^^^^ E0001
local function add(a: number, b: number): number
  return a + b
end
add("one", "two")
--  ^^^^^ E0001
--         ^^^^^ E0001
type User = {name: string, age?: number}
local u: User = {age = 3}
--              ^^^^^^^^^ E0001
u.name = 5
--       ^ E0001
return x, u
