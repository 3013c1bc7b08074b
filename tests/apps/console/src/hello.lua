local io = require("io")

local function main(...: string): integer
  io.print("Hello from the console!")
  for _, word in ipairs({...}) do io.print("- " .. word) end
  return select("#", ...)
end

return {main = main}
