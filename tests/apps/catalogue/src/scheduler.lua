local logger = require("logger")
local registry = require("registry")

local function main(): integer
  local jobs = assert(registry.find({["meta.type"] = "job"}))
  logger:info("jobs found", {count = #jobs})
  for _, job in ipairs(jobs) do
    assert(process.spawn("app:runner", "app:processes", job.id, job.meta.every))
  end
  local events = process.events()
  repeat
    local event = events:receive()
  until event.kind == process.event.CANCEL
  logger:info("scheduler stops")
  return 0
end

return {main = main}
