local io = require("io")

local function main(): integer
  io.write("Who are you? ")
  local name = io.readline()
  if not name or name == "" then name = "stranger" end
  io.print("Nice to meet you, " .. name .. "!")
  return 0
end

return {main = main}
