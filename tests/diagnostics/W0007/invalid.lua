local value = 1
local function f(value) return value end
--               ^^^^^ W0007
for i = 1, 2 do
  local i = i + value
--      ^ W0007
  print(i)
end
return f
