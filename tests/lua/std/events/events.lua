-- modules: events, time, funcs, security
local function subscribe(system, kind)
  local sub, err = events.subscribe(system, kind)
  assert(sub, err)
  return sub, sub:channel()
end

--- The next event of a channel, or nil when none comes.
local function next_event(ch)
  local timeout = time.after("5s")
  local r = channel.select({ ch:case_receive(), timeout:case_receive() })
  if r.channel == ch then return r.value, r.ok end
end

--- Whether nothing of a system has arrived: a marker sent last is the first event of the channel.
local function only_marker(ch, system)
  assert(events.send(system, "marker", "/end"))
  local event = next_event(ch)
  return event ~= nil and event.kind == "marker"
end

test("a subscriber gets the events of its system [events.subscribe]", function()
  local sub, ch = subscribe("s.subscribe")
  assert(events.send("s.subscribe", "made", "/a", { n = 1 }) == true)
  local event = next_event(ch)
  assert(event.system == "s.subscribe" and event.kind == "made" and event.path == "/a")
  assert(event.data.n == 1)
  sub:close()
end)

test("data is absent when an event has none, and kept when it is false [events.channel]", function()
  local sub, ch = subscribe("s.data")
  assert(sub:channel() == ch)
  events.send("s.data", "k", "/p")
  events.send("s.data", "k", "/p", nil)
  events.send("s.data", "k", "/p", false)
  events.send("s.data", "k", "/p", "text")
  events.send("s.data", "k", "/p", { list = { 1, 2.5, "x" }, nested = { a = { b = true } } })
  local function has_data(event)
    for key in pairs(event) do if key == "data" then return true end end
    return false
  end
  assert(not has_data(next_event(ch)))
  assert(not has_data(next_event(ch)))
  assert(next_event(ch).data == false)
  assert(next_event(ch).data == "text")
  local data = next_event(ch).data
  assert(data.list[2] == 2.5 and data.list[3] == "x" and data.nested.a.b == true)
  sub:close()
end)

test("an event holds a copy of its data [events.send]", function()
  local sub, ch = subscribe("s.copy")
  local data = { n = 1, list = { 1 } }
  events.send("s.copy", "k", "/p", data)
  data.n = 2
  data.list[1] = 2
  local got = next_event(ch).data
  assert(got.n == 1 and got.list[1] == 1)
  sub:close()
end)

test("kinds are filtered, absent and * take all [events.subscribe] [events.pattern]", function()
  local one, one_ch = subscribe("s.kinds", "user.created")
  local star, star_ch = subscribe("s.kinds", "*")
  local all, all_ch = subscribe("s.kinds", nil)
  for _, kind in ipairs({ "user.deleted", "user.created", "x" }) do events.send("s.kinds", kind, "/p") end
  assert(next_event(one_ch).kind == "user.created")
  for _, ch in ipairs({ star_ch, all_ch }) do
    assert(next_event(ch).kind == "user.deleted")
    assert(next_event(ch).kind == "user.created")
    assert(next_event(ch).kind == "x")
  end
  for _, sub in ipairs({ one, star, all }) do sub:close() end
end)

test("patterns have one segment, any number of segments, alternatives [events.pattern]", function()
  local sub, ch = subscribe("pat.*", "entry.(create|delete)")
  local deep, deep_ch = subscribe("pat.**", "**.done")
  events.send("pat", "entry.create", "/1")
  events.send("pat.a.b", "entry.create", "/2")
  events.send("pat.a", "entry.update", "/3")
  events.send("pat.a", "entry.delete", "/4")
  events.send("pat", "done", "/5")
  events.send("pat.x.y", "a.b.done", "/6")
  events.send("patter", "done", "/7")
  events.send("pat.b", "entry.create", "/8")
  events.send("pat.z", "x.done", "/9")
  assert(next_event(ch).path == "/4")
  assert(next_event(ch).path == "/8")
  assert(next_event(deep_ch).path == "/5")
  assert(next_event(deep_ch).path == "/6")
  assert(next_event(deep_ch).path == "/9")
  sub:close()
  deep:close()
end)

test("orders.* does not match the system orders, * matches every system [events.pattern.star]", function()
  local dotted, dotted_ch = subscribe("orders.*")
  local every, every_ch = subscribe("*", "star.test")
  events.send("orders", "star.test", "/1")
  events.send("orders.eu", "star.test", "/2")
  events.send("a.b.c", "star.test", "/3")
  assert(next_event(dotted_ch).path == "/2")
  assert(next_event(every_ch).path == "/1")
  assert(next_event(every_ch).path == "/2")
  assert(next_event(every_ch).path == "/3")
  dotted:close()
  every:close()
end)

test("closing ends delivery and closes the channel [events.close]", function()
  local sub, ch = subscribe("s.close")
  events.send("s.close", "k", "/1")
  assert(next_event(ch).path == "/1")
  sub:close()
  sub:close()
  events.send("s.close", "k", "/2")
  local value, ok = ch:receive()
  assert(value == nil and ok == false)
end)

test("a waiting receiver learns of the close [events.close]", function()
  local sub, ch = subscribe("s.close.waiting")
  local done = channel.new(1)
  coroutine.spawn(function()
    local value, ok = ch:receive()
    done:send({ value = value, ok = ok })
  end)
  time.sleep("1ms")
  sub:close()
  local result = done:receive()
  assert(result.value == nil and result.ok == false)
end)

test("empty or missing arguments are invalid and not retryable [events.errors]", function()
  local function refused(message, ok, err)
    assert(ok == nil, "refused")
    assert(err:kind() == errors.INVALID and err:message() == message and err:retryable() == false, err:message())
  end
  refused("system pattern is required", events.subscribe(""))
  refused("system pattern is required", events.subscribe())
  refused("system is required", events.send("", "k", "/p"))
  refused("system is required", events.send())
  refused("kind is required", events.send("s", "", "/p"))
  refused("kind is required", events.send("s"))
  refused("path is required", events.send("s", "k", ""))
  refused("path is required", events.send("s", "k"))
end)

test("a policy that does not allow it makes the call invalid [events.errors]", function()
  local nobody = funcs.new():with_actor(security.new_actor("nobody")):with_scope(security.new_scope())
  local got = assert(nobody:call("case:tries_events"))
  assert(got.subscribe.kind == errors.INVALID, got.subscribe.kind)
  assert(got.subscribe.message == "not allowed to subscribe to events from system: guarded", got.subscribe.message)
  assert(got.send.kind == errors.INVALID)
  assert(got.send.message == "not allowed to send events to system: guarded", got.send.message)
end)

test("a slow subscriber gets everything, in order [events.order] [events.serial]", function()
  local sub, ch = subscribe("s.order")
  local other, other_ch = subscribe("s.order")
  for i = 1, 500 do events.send("s.order", "k", "/p", { i = i }) end
  time.sleep("5ms")
  for i = 1, 500 do assert(next_event(ch).data.i == i) end
  for i = 1, 500 do assert(next_event(other_ch).data.i == i) end
  sub:close()
  other:close()
end)

test("a subscription sees nothing that was sent before it [events.serial]", function()
  events.send("s.before", "k", "/early")
  local sub, ch = subscribe("s.before")
  assert(only_marker(ch, "s.before"))
  sub:close()
end)

test("events cross processes, and a subscription ends with its process [events.subscribe]", function()
  local inbox = process.inbox()
  local pid = assert(process.spawn_monitored("case:listens", "case:host", process.pid(), "s.cross"))
  assert(inbox:receive():topic() == "ready")
  events.send("s.cross", "k", "/1", { x = "y" })
  local message = inbox:receive()
  assert(message:topic() == "event" and message:payload():data().data.x == "y")
  local ended = process.events()
  process.terminate(pid)
  assert(ended:receive().from == pid)
  assert(events.send("s.cross", "k", "/2") == true)
end)

test("a subscription prints as its type [events.subscribe]", function()
  local sub = subscribe("s.text")
  assert(tostring(sub) == "events.Subscription{}")
  assert(type(sub) == "userdata")
  sub:close()
end)
