local time = require("time")

local HOSTS = { "bench:processes", "bench:workers" }

local function run(host: string, count: integer, steps: integer)
  local inbox = process.inbox()
  for _ = 1, count do assert(process.spawn("bench:computes", host, process.pid(), steps)) end
  for _ = 1, count do inbox:receive() end
end

--- Milliseconds that `count` processes of a host with one or two workers take which compute, once those are up.
local function main(workers: integer, count: integer, steps: integer): number
  local host = HOSTS[workers]
  run(host, count, steps)
  run(host, count, steps)
  local start = time.now():unix_nano()
  run(host, count, steps)
  return (time.now():unix_nano() - start) / 1e6
end

return { main = main }
