local funcs = require("funcs")

local function run(): boolean
  local greeting = assert(funcs.call("app:greet", { name = "Ada" }))
  assert(greeting.message == "Hello, Ada!", "unexpected greeting: " .. greeting.message)

  local anybody = assert(funcs.call("app:greet"))
  assert(anybody.message == "Hello, world!", "unexpected greeting: " .. anybody.message)
  return true
end

return { run = run }
