local time = require("time")

local function run(): boolean
  local pid = assert(process.spawn("app:counter", "app:processes", "counter under test", "10ms"))
  local answers = process.listen("answer")
  repeat
    time.sleep("5ms")
  until process.registry.lookup("counter under test")

  local count
  repeat
    assert(process.send(pid, "ask", { reply_to = process.pid() }))
    count = answers:receive()
  until count > 0

  process.cancel(pid, "1s")
  return true
end

return { run = run }
