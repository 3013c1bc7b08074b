local logger = require("logger")
local time = require("time")

-- Counts once a second under the name "counter" (or another one) and answers "ask" messages with the count.
local function main(name: string?, every: string?): integer
  assert(process.registry.register(name or "counter"))
  local asked = process.listen("ask")
  local ticker = time.ticker(every or "1s")
  local count = 0

  while true do
    local event = channel.select({
      process.events():case_receive(),
      asked:case_receive(),
      ticker:channel():case_receive(),
    })
    if event.channel == asked then
      process.send(event.value.reply_to, "answer", count)
    elseif event.channel == ticker:channel() then
      count = count + 1
      logger:info("counted", {count = count})
    elseif event.value.kind == process.event.CANCEL then
      return 0
    end
  end
end

return {main = main}
