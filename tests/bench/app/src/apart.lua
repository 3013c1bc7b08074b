local time = require("time")
local system = require("system")

local HOST = "bench:workers"

--- A process on another worker: those that are started while the main one is busy are taken by others.
local function elsewhere(): string
  for _ = 1, 100 do
    for _ = 1, 4 do assert(process.spawn("bench:pong", HOST)) end
    local start = time.now()
    while time.now():sub(start):milliseconds() < 50 do end
    time.sleep("50ms")
    for _, found in ipairs(assert(system.hosts.processes(HOST))) do
      if found.stats.worker > 0 then return found.pid end
    end
  end
  error("no process began on another worker")
end

--- Microseconds for a message to a process of another worker and its answer.
local function main(count: integer): number
  local pong = elsewhere()
  local answers, me = process.listen("answer"), process.pid()
  local start = time.now():unix_nano()
  for _ = 1, count do
    process.send(pong, "ping", me)
    answers:receive()
  end
  return (time.now():unix_nano() - start) / count / 1000
end

return { main = main }
