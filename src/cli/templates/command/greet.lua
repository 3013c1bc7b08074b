local io = require("io")
local greeting = require("greeting")

-- Words behind the command arrive as arguments; the result is the exit code.
local function main(name: string?): integer
  if name == nil then
    io.write("Your name: ")
    name = io.readline()
  end
  io.print(greeting.to(name))
  return 0
end

return {main = main}
