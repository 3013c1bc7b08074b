local io = require("io")

local function main(): integer
  io.print("buffered: " .. patterns.buffered())
  io.print("rendezvous: " .. patterns.rendezvous())
  io.print("choice: " .. patterns.choice())
  io.print("producer: " .. patterns.producer())
  io.print("ping-pong: " .. patterns.ping_pong())
  io.print("fan-out:", patterns.fan_out())
  local count = patterns.fan_in()
  for i = 1, 4 do io.print("fan-in: " .. i .. " " .. count["producer " .. i]) end
  io.print("deadline: " .. patterns.deadline())
  local closed = channel.new(0)
  closed:close()
  io.print("closed:", closed:receive())
  io.print("send to closed:", pcall(closed.send, closed, 1))
  return 0
end

return {main = main}
