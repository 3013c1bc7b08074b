local logger = require("logger")
local events = require("events")

-- Counts everything by kind.
local function main(): integer
  local subscription = assert(events.subscribe("news"))
  local all, ends = subscription:channel(), process.events()
  local counts: {[string]: integer} = {}
  process.registry.register("tally")
  while true do
    local case = channel.select({all:case_receive(), ends:case_receive()})
    if case.channel == ends then
      if case.value.kind == process.event.CANCEL then
        logger:info("final counts", counts)
        return 0
      end
    else
      local kind = case.value.kind
      counts[kind] = (counts[kind] or 0) + 1
      if kind == "press.closed" then logger:info("press is closed") end
    end
  end
end

return {main = main}
