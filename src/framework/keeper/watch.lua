--- Keeps the latest log records in a store, under their number modulo `KEPT`.

local events = require("events")
local store = require("store")

local STORE = "keeper:logs"
local KEPT = 1000
local SYSTEM = "logs"

local function main()
  local kept = assert(store.get(STORE))
  local records = assert(events.subscribe(SYSTEM, "logs.entry")):channel()
  local ends = process.events()
  -- What else is set stays as it is.
  events.send(SYSTEM, "logs.config.set", "keeper", {stream_to_events = true})
  local count = 0
  while true do
    local case = channel.select({records:case_receive(), ends:case_receive()})
    if not case.ok then return end
    if case.channel == ends then
      if case.value.kind == process.event.CANCEL then return end
    else
      count = count + 1
      local record = case.value.data
      record.number = count
      assert(kept:set(tostring(count % KEPT), record))
    end
  end
end

return {main = main}
