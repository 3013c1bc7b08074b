-- A process that does what it is told, and reports what it did and what reached it.
local sent, received = {}, {}

local function report(what, ...)
  process.send("judge", "report", what, ...)
end

-- Burns turns, so that it is interrupted at other places than at its calls.
local function burn(n)
  local x = 0
  for i = 1, n do x = x + i end
  return x
end

local actions = {}

function actions.send(to, count, work)
  for _ = 1, count do
    local n = (sent[to] or 0) + 1
    burn(work)
    local ok, err = process.send(to, "work", n)
    if ok then sent[to] = n
    else
      report("unsent", to, err:kind())
      return
    end
  end
end

function actions.spawn(style, traps, deaf)
  local pid, err = process[style]("sim:actor", "sim:host", traps, deaf)
  if pid then report("spawned", pid, style)
  else report("unspawned", err:message()) end
end

for _, name in ipairs({ "monitor", "unmonitor", "link", "unlink" }) do
  actions[name] = function(to)
    local ok, err = process[name](to)
    report(name, to, ok and "ok" or err:message())
  end
end

function actions.register(name)
  local ok = process.registry.register(name)
  report("register", name, ok and "ok" or "taken")
end

function actions.call(text)
  local result, err = funcs.call("sim:echo", text)
  report("called", text, result or err:kind() .. ": " .. err:message())
end

function actions.async(text)
  local future = funcs.async("sim:echo", text)
  coroutine.spawn(function()
    local payload, ok = future:channel():receive()
    report("called", text, ok and payload:data() or "closed")
  end)
end

function actions.sleep(ms)
  coroutine.spawn(function()
    time.sleep(ms .. "ms")
    report("slept", ms)
  end)
end

function actions.upgrade()
  return "upgrade"
end

function actions.crash()
  error("told to crash")
end

function actions.refuse()
  return "end", errors.new({ message = "told to fail", kind = errors.CONFLICT })
end

function actions.finish()
  return "end"
end

function actions.count()
  report("counts", { sent = sent, received = received })
end

local function main(traps, deaf, state)
  if state then sent, received = state.sent, state.received end
  process.set_options({ trap_links = traps })
  report(state and "upgraded" or "up", traps, deaf)
  local work = process.listen("work", { message = true })
  local orders = process.listen("order")
  local events = process.events()
  while true do
    local r = channel.select({ work:case_receive(), orders:case_receive(), events:case_receive() })
    if r.channel == work then
      local from, n = r.value:from(), r.value:payload():data()
      if n ~= (received[from] or 0) + 1 then report("disorder", from, n, received[from] or 0) end
      received[from] = n
    elseif r.channel == orders then
      local order = r.value
      local verdict, err = actions[order.name](table.unpack(order.args))
      if verdict == "end" then return "finished", err end
      if verdict == "upgrade" then
        process.upgrade(nil, traps, deaf, { sent = sent, received = received })
      end
    else
      local event = r.value
      report(event.kind, event.from, event.result and event.result.error and event.result.error:message())
      if event.kind == process.event.CANCEL and not deaf then return "canceled" end
    end
  end
end

return { main = main }
