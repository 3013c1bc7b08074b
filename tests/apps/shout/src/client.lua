local io = require("io")
local time = require("time")

type Reply = {from: string, text: string}

-- The exchange registers its name when it runs; until then there is nobody to send to.
local function find_exchange(): string?
  local deadline = time.after("10s")
  while true do
    local pid = process.registry.lookup("exchange")
    if pid then return pid end
    local case = channel.select({deadline:case_receive(), time.after("1ms"):case_receive()})
    if case.channel == deadline then return nil end
  end
end

local function main(): integer
  if not find_exchange() then
    io.eprint("nobody exchanges")
    return 1
  end
  io.print("Shout! An empty line ends.")
  local replies = process.listen("reply")
  local inbox = process.inbox()
  while true do
    io.write("? ")
    local line = io.readline()
    if not line or line == "" then break end
    assert(process.send("exchange", "shout", {reply_to = process.pid(), text = line}))
    local reply = replies:receive() :: Reply
    io.print("! " .. reply.text)
    io.print("  by " .. reply.from)
  end
  local _, err = process.send("nobody", "shout", {})
  io.print()
  io.print("unknown name: " .. tostring(err) .. " " .. tostring(err and err:kind()))
  return 0
end

return {main = main}
