local logger = require("logger")
local events = require("events")
local time = require("time")

local function await(name: string)
  while not process.registry.lookup(name) do time.sleep("1ms") end
end

local function main(): integer
  await("archive")
  await("tally")
  for number, kind in ipairs({"story.written", "story.written", "story.corrected", "weather"}) do
    assert(events.send("news", kind, "/stories/" .. number, {title = "number " .. number}))
  end
  events.send("other", "story.written", "/elsewhere", {title = "not ours"})
  events.send("news", "press.closed", "/")
  logger:info("all is published")
  return 0
end

return {main = main}
