-- modules: time, funcs
test("spawn runs beside its caller and shares memory [coroutine.spawn]", function()
  local log = {}
  local thread = coroutine.spawn(function(...) log[#log + 1] = select("#", ...) end, 1, 2)
  log[#log + 1] = "caller"
  assert(type(thread) == "thread")
  time.sleep("1ms")
  assert(log[1] == "caller" and log[2] == 0)
end)

test("an error in a spawned coroutine fails the whole process [base.coroutine.spawn]", function()
  local _, err = funcs.call("case:spawn_fails")
  assert(err and err:message():find("inner failure"), tostring(err))
end)

test("blocking calls pass through user coroutines [base.coroutine.blocking]", function()
  local generator = coroutine.wrap(function()
    for i = 1, 3 do
      time.sleep("1ms")
      coroutine.yield(i)
    end
  end)
  assert(generator() == 1 and generator() == 2)
  local ch = channel.new()
  coroutine.spawn(function() ch:send("late") end)
  local co = coroutine.create(function() return ch:receive() end)
  local ok, value = coroutine.resume(co)
  assert(ok and value == "late" and generator() == 3)
end)

test("channels need no require and default to rendezvous [channel.new]", function()
  local ch = channel.new()
  local r = channel.select({ ch:case_send(1), default = true })
  assert(r.default == true)
  local buffered = channel.new(1)
  assert(buffered:send(1) == true)
end)

test("a negative size counts as zero [channel.new.negative]", function()
  local r = channel.select({ channel.new(-5):case_send(1), default = true })
  assert(r.default)
end)

test("an unbuffered send waits for its receiver [channel.unbuffered]", function()
  local ch, log = channel.new(), {}
  coroutine.spawn(function()
    log[#log + 1] = "before"
    ch:send("v")
    log[#log + 1] = "after"
  end)
  time.sleep("1ms")
  assert(#log == 1)
  assert(ch:receive() == "v")
  time.sleep("1ms")
  assert(log[2] == "after")
end)

test("a buffered channel takes its size without waiting, first in first out [channel.buffered]", function()
  local ch = channel.new(3)
  for i = 1, 3 do assert(ch:send(i)) end
  assert(channel.select({ ch:case_send(4), default = true }).default)
  for i = 1, 3 do assert(ch:receive() == i) end
end)

test("a completed send gives true [channel.send]", function()
  local ch = channel.new()
  local sent
  coroutine.spawn(function() sent = ch:send(1) end)
  ch:receive()
  time.sleep("1ms")
  assert(sent == true)
end)

test("send on a closed channel raises [channel.send.closed]", function()
  local ch = channel.new(1)
  ch:close()
  local ok, message = pcall(ch.send, ch, 1)
  assert(not ok and tostring(message):find("send on closed channel"))
end)

test("a sender that waits while the channel closes gets an error returned [channel.close.waiting-sender]", function()
  local ch, value, err = channel.new(), nil, nil
  coroutine.spawn(function() value, err = ch:send(1) end)
  time.sleep("1ms")
  ch:close()
  time.sleep("1ms")
  assert(value == nil and err:message() == "send on closed channel")
end)

test("receive gives value and true, after close and drain nil and false [channel.receive]", function()
  local ch = channel.new(2)
  ch:send("a")
  ch:close()
  local v, ok = ch:receive()
  assert(v == "a" and ok == true)
  v, ok = ch:receive()
  assert(v == nil and ok == false)
end)

test("receives on a drained closed channel go on giving nil, false [channel.receive.closed]", function()
  local ch = channel.new()
  ch:close()
  for _ = 1, 3 do
    local v, ok = ch:receive()
    assert(v == nil and ok == false)
  end
end)

test("close wakes waiting receivers and may be repeated [channel.close]", function()
  local ch, got = channel.new(), {}
  for i = 1, 2 do coroutine.spawn(function() got[i] = { ch:receive() } end) end
  time.sleep("1ms")
  assert(select("#", ch:close()) == 0)
  ch:close()
  time.sleep("1ms")
  assert(got[1][2] == false and got[2][2] == false)
end)

test("cases are made by methods [channel.case]", function()
  local ch = channel.new(1)
  assert(type(ch:case_receive()) == "userdata" and type(ch:case_send(1)) == "userdata")
  assert(channel.select({ ch:case_send(5) }).ok and ch:receive() == 5)
end)

test("select waits for the first ready case [channel.select]", function()
  local a, b = channel.new(), channel.new()
  coroutine.spawn(function() time.sleep("1ms") b:send("b") end)
  local r = channel.select({ a:case_receive(), b:case_receive() })
  assert(r.channel == b and r.value == "b" and r.ok == true)
end)

test("of several ready cases the first in the list is taken [channel.select.order]", function()
  local a, b = channel.new(1), channel.new(1)
  a:send(1)
  b:send(2)
  for _ = 1, 10 do
    local r = channel.select({ b:case_receive(), a:case_receive() })
    assert(r.channel == b)
    b:send(2)
  end
end)

test("the result names the very channel [channel.select.result]", function()
  local ch = channel.new(1)
  ch:send({ k = 1 })
  local r = channel.select({ ch:case_receive() })
  assert(rawequal(r.channel, ch) and r.value.k == 1 and r.ok == true)
end)

test("a completed send case shows the value sent [channel.select.send-case]", function()
  local ch = channel.new(1)
  local r = channel.select({ ch:case_send("v") })
  assert(r.ok == true and r.value == "v" and r.channel == ch and ch:receive() == "v")
end)

test("a waiting send case is served by a receiver [channel.select.send-case]", function()
  local ch, got = channel.new(), nil
  coroutine.spawn(function() time.sleep("1ms") got = ch:receive() end)
  local r = channel.select({ ch:case_send("v") })
  time.sleep("1ms")
  assert(r.ok and r.value == "v" and got == "v")
end)

test("a receive case on a closed channel completes with ok false [channel.select.closed]", function()
  local ch = channel.new()
  ch:close()
  local r = channel.select({ ch:case_receive() })
  assert(r.ok == false and r.value == nil and r.channel == ch)
end)

test("a send case on a closed channel is never ready [channel.select.send-closed]", function()
  local ch = channel.new(1)
  ch:close()
  assert(channel.select({ ch:case_send(1), default = true }).default)
end)

test("default makes select return at once [channel.select.default]", function()
  local ch = channel.new()
  local r = channel.select({ ch:case_receive(), default = true })
  assert(r.default == true and r.ok == true and r.channel == nil)
  assert(channel.select({ ch:case_receive() }, true).default)
end)

test("elements that are no cases are ignored [channel.select.invalid-case]", function()
  local ch = channel.new(1)
  ch:send(1)
  local r = channel.select({ "x", 5, ch:case_receive() })
  assert(r.value == 1)
  assert(not pcall(channel.select, "no table"))
end)

test("a timer channel bounds a select [channel.select.timeout]", function()
  local ch, timer = channel.new(), time.after("2ms")
  local r = channel.select({ ch:case_receive(), timer:case_receive() })
  assert(r.channel == timer and r.ok)
end)

test("handles give the same channel every time [channel.stable-handle]", function()
  local timer = time.timer("1h")
  assert(timer:channel() == timer:response())
  timer:stop()
end)

test("process channels are the same object every time [channel.identity]", function()
  assert(process.inbox() == process.inbox() and process.events() == process.events())
  assert(process.listen("identity") == process.listen("identity"))
end)

test("waiting senders and receivers are served in order of arrival [channel.fifo]", function()
  local ch, order = channel.new(), {}
  for i = 1, 4 do coroutine.spawn(function() local v = ch:receive() order[#order + 1] = i .. ":" .. v end) end
  time.sleep("1ms")
  for i = 1, 4 do ch:send(i) end
  time.sleep("1ms")
  assert(table.concat(order, " ") == "1:1 2:2 3:3 4:4", table.concat(order, " "))
  for i = 1, 3 do coroutine.spawn(function() ch:send(i) end) end
  time.sleep("1ms")
  assert(ch:receive() == 1 and ch:receive() == 2 and ch:receive() == 3)
end)

test("coroutines that all wait for nobody fail their process [process.deadlock]", function()
  local _, err = funcs.call("case:deadlocks")
  assert(err:message() == "deadlock: all coroutines blocked with no pending operations (threads=2)", tostring(err))
end)
