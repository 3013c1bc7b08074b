local logger = require("logger")
local events = require("events")

-- Keeps everything about stories.
local function main(): integer
  local subscription = assert(events.subscribe("news", "story.*"))
  local stories, ends = subscription:channel(), process.events()
  process.registry.register("archive")
  while true do
    local case = channel.select({stories:case_receive(), ends:case_receive()})
    if case.channel == ends then
      if case.value.kind == process.event.CANCEL then
        subscription:close()
        return 0
      end
    else
      local event = case.value
      logger:info("archived", {kind = event.kind, path = event.path, title = event.data.title})
    end
  end
end

return {main = main}
