local sums = a+b*c^-d - -e
local more = not a==b and #list>0 or ~bits | 1<<2
local text = "a long text that goes on and on" .. name .. " and then some more text " .. tostring(value) .. " until it ends"
local t = {1,2,3}
local t = { a=1, ["b c"]=2; [3]=c, [ [[long]] ]=4, f() }
local kept = {
  a = 1, b = 2 }
local numbers = {
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28,
}
local nested = { outer = { inner = function(x)
  return x
end } }
local empty = {   }
local comment = { -- why
  -- first
  a = 1, -- one

  -- last
}
require "module"
f{1}
f("x", function(x) return x end)
f("x", function(x)
  return x
end)
f(function() a() b() end, 5)
local result, err = funcs.call("app.very.long.namespace:function_name", {first = value, second = other, third = x})
local result, err = some.function_name(an_argument_of_some_length, another_argument_of_some_length, third)
local rows = sql.builder.select("id", "name"):from("users"):where("active = ?", true):order_by("name"):limit(100)
local rows = builder
  :from("users")
  :where("active = ?", true)
obj:method(1).field.other[1]:last()
local s = [[
  long
    text  
]] .. 'x'
local c = f(--[[ inline ]] a, b --[[ behind ]])
f(
  a, -- first
  b
)
local x = -- moved
  5
