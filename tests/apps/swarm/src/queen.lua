local logger = require("logger")
local env = require("env")

local function main(): integer
  local size = assert(math.tointeger(tonumber(env.get("SWARM_SIZE"))))
  local alive, events = process.listen("alive"), process.events()
  local bees = {}
  for number = 1, size do
    bees[#bees + 1] = assert(
      process.spawn_monitored("app:bee", "app:processes", process.pid(), number)
    )
  end
  local sum = 0
  for _ = 1, size do sum = sum + alive:receive() end
  logger:info("all are alive", {size = size, sum = sum})
  for _, bee in ipairs(bees) do assert(process.cancel(bee, "10s")) end
  local ended, failed = 0, 0
  while ended < size do
    local event = events:receive()
    if event.kind == process.event.EXIT then
      ended = ended + 1
      if event.result.error then failed = failed + 1 end
      sum = sum - (event.result.value or 0)
    end
  end
  logger:info("all have left", {ended = ended, failed = failed, rest = sum})
  return 0
end

return {main = main}
