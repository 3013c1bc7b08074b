local logger = require("logger")
local time = require("time")

local SIZE = 4

local function main(): integer
  local events = process.events()
  local numbers = {}

  local function start(number: integer)
    local pid = assert(process.spawn_monitored("app.workers:worker", "app:processes", number))
    numbers[pid] = number
    process.registry.register("worker." .. number, pid)
    logger:info("worker started", {number = number, worker = pid})
  end

  for number = 1, SIZE do start(number) end
  logger:info("pool is full")
  while true do
    local event = events:receive()
    if event.kind == process.event.CANCEL then return 0 end
    local number = event.kind == process.event.EXIT and numbers[event.from]
    if number then
      numbers[event.from] = nil
      local err = event.result.error
      logger:info("worker ended", {
        number = number,
        value = event.result.value,
        error = err and tostring(err)
      })
      if err then
        time.sleep("1ms")
        start(number)
      end
    end
  end
end

return {main = main}
