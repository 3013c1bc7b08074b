local time = require("time")

-- Reports once, then ticks until it is cancelled.
local function main(queen: string, number: integer): integer
  local events = process.events()
  local ticker = time.ticker("1m")
  process.send(queen, "alive", number)
  while true do
    local case = channel.select({events:case_receive(), ticker:channel():case_receive()})
    if case.channel == events and case.value.kind == process.event.CANCEL then
      ticker:stop()
      return number
    end
  end
end

return {main = main}
