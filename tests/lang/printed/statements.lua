#!/usr/bin/env wippy
-- A header.


local x   <const>,y<close> = 1,nil
local a, b;
x=1;y = 2
;(f or g)()
if   x then return end
if x then local y = 1 end
if err then return nil,err elseif y then return y else return z end
if x then
  a()
-- before else
else
  -- only a comment
end
if a_long_condition_number_one and a_long_condition_number_two or a_long_condition_number_three then return true end
while true do end
while i<10 do i=i+1 end
repeat
  local n = next() until n == nil
for i=1,10,2 do print(i) end
for _,v in ipairs(list) do
	print(v)


	print(v)

end
do local z end
goto done
::done::
function module.sub.fn(a,b,...) return a end
function module:method() self.x = 1; self.y = 2 end
local function rec(n) -- why
  return n <= 1 and 1 or n*rec(n-1)
end
return x,
  y -- trailing
-- the end
