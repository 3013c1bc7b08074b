local logger = require("logger")
local time = require("time")

local served = 0

-- Reports by the clock for as long as the exchange lives.
local function report()
  while true do
    time.sleep("1h")
    logger:info("so far", {served = served})
  end
end

local function main(): integer
  local inbox, events = process.inbox(), process.events()
  process.registry.register("exchange")
  coroutine.spawn(report)
  while true do
    local case = channel.select({inbox:case_receive(), events:case_receive()})
    if case.channel == inbox then
      local message = case.value
      if message:topic() == "shout" then
        local order = message:payload():data()
        assert(process.spawn_monitored("app:shouter", "app:processes", order.reply_to, order.text))
        served = served + 1
      end
    elseif case.value.kind == process.event.EXIT then
      logger:info("shouter left", {pid = case.value.from, result = case.value.result.value})
    elseif case.value.kind == process.event.CANCEL then
      logger:info("exchange closes", {served = served})
      return 0
    end
  end
end

return {main = main}
