local io = require("io")

local function main(text: string?): integer
  local number = math.tointeger(tonumber(text or io.readline() or ""))
  if not number then
    io.eprint("a whole number, please")
    return 1
  end
  io.print(number .. " squared is " .. number * number)
  return 0
end

return {main = main}
