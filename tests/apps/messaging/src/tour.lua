local io = require("io")

local HOST = "app:processes"
local events = process.events()

-- The next end of a process that this one watches.
local function next_exit()
  while true do
    local event = events:receive()
    if event.kind == process.event.EXIT then return event end
  end
end

local function outcome(event): string
  return event.result.error and "error " .. tostring(event.result.error)
    or "value " .. tostring(event.result.value)
end

local function main(): integer
  local pid, err = process.spawn("app:nobody", HOST)
  io.print("unknown:", pid, err and err:kind())

  -- A topic with a listener gives values, or messages when asked; the rest comes to the inbox.
  local echo = assert(process.spawn("app:echo", HOST))
  io.print("pid:", type(echo), (echo:gsub("0x%x+", "0x")))
  local plain, wrapped = process.listen("plain"), process.listen("wrapped", {message = true})
  assert(process.send(echo, "plain", {n = 1}))
  io.print("value:", plain:receive().n)
  assert(process.send(echo, "wrapped", "text"))
  local message = wrapped:receive()
  io.print("message:", message:from() == echo, message:topic(), message:payload():data())
  assert(process.send(echo, "other", "rest"))
  local other = process.inbox():receive()
  io.print("inbox:", other:topic(), other:payload():data())

  -- Watching a process that runs already, and no longer watching one.
  assert(process.monitor(echo))
  assert(process.send(echo, "stop"))
  local ended = next_exit()
  io.print("exit:", ended.from == echo, outcome(ended))
  local patient = assert(process.spawn_monitored("app:patient", HOST))
  assert(process.unmonitor(patient))
  assert(process.cancel(patient, "1s"))
  local failing = assert(process.spawn_monitored("app:failing", HOST))
  local failed = next_exit()
  io.print("failed:", failed.from == failing, outcome(failed))
  local second = assert(process.spawn_monitored("app:patient", HOST))
  assert(process.cancel(second, "1s"))
  io.print("cancelled:", outcome(next_exit()))
  local third = assert(process.spawn_monitored("app:patient", HOST))
  assert(process.terminate(third))
  io.print("terminated:", outcome(next_exit()))

  -- A link carries failure from child to parent.
  assert(process.spawn_monitored("app:parent", HOST, false))
  io.print("linked:", outcome(next_exit()))
  assert(process.spawn_monitored("app:parent", HOST, true))
  io.print("trapping:", outcome(next_exit()))

  -- Names live as long as their process, or until they are given back.
  assert(process.registry.register("tour"))
  io.print("name:", process.registry.lookup("tour") == process.pid())
  process.registry.unregister("tour")
  local nobody, lookup_err = process.registry.lookup("tour")
  io.print("no name:", nobody, lookup_err ~= nil)

  -- A pool of tasks: results come with the ends of the processes.
  local waiting, results = {}, {}
  for n = 10, 50, 10 do waiting[assert(process.spawn_monitored("app:task", HOST, n))] = n end
  while next(waiting) do
    local exit = next_exit()
    results[#results + 1] = exit.result.value
    waiting[exit.from] = nil
  end
  table.sort(results)
  io.print("pool:", table.concat(results, " "))
  return 0
end

return {main = main}
