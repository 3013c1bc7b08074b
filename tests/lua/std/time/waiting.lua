-- modules: time

test("sleep waits at least as long as told [time.sleep]", function()
  local start = time.now()
  local result, err = time.sleep("20ms")
  assert(result == nil and err == nil)
  assert(time.now():sub(start):milliseconds() >= 20)
  time.sleep(2 * time.MILLISECOND)
  time.sleep(assert(time.parse_duration("1ms")))
  time.sleep(0)
  time.sleep("-5s")
  local none, bad = time.sleep("soon")
  assert(none == nil and bad:kind() == errors.INVALID)
end)

test("coroutines sleep side by side", function()
  local order = {}
  local done = channel.new(3)
  for _, ms in ipairs({ 30, 10, 20 }) do
    coroutine.spawn(function()
      time.sleep(ms * time.MILLISECOND)
      order[#order + 1] = ms
      done:send(true)
    end)
  end
  for _ = 1, 3 do done:receive() end
  assert(order[1] == 10 and order[2] == 20 and order[3] == 30)
end)

test("after gives one value through a channel [time.after]", function()
  local start = time.now()
  local timeout = assert(time.after("10ms"))
  local value, ok = timeout:receive()
  assert(ok and value:sub(start):milliseconds() >= 10)
  local first, second = time.after("5ms"), time.after("1h")
  local result = channel.select({ second:case_receive(), first:case_receive() })
  assert(result.channel == first)
  local none, err = time.after(0)
  assert(none == nil and err:kind() == errors.INVALID and err:message() == "time.after: duration must be > 0")
end)

test("a timer fires once, can be stopped and has one channel [time.timer]", function()
  local timer = assert(time.timer("5ms"))
  assert(timer:response() == timer:channel() and timer:channel() == timer:channel())
  local value, ok = timer:response():receive()
  assert(ok and value:unix() > 0)
  assert(timer:stop() == false, "it has fired")
  local pending = assert(time.timer("1h"))
  assert(pending:stop() == true and pending:stop() == false)
  for _, bad in ipairs({ 0, "-1s", "0s" }) do
    local none, err = time.timer(bad)
    assert(none == nil and err:kind() == errors.INVALID)
  end
end)

test("reset starts a timer again and discards a tick in flight [time.timer.reset]", function()
  local timer = assert(time.timer("1h"))
  assert(timer:reset("5ms") == true)
  timer:response():receive()
  assert(timer:reset("5ms") == false)
  time.sleep("20ms")
  assert(timer:reset("50ms") == false, "fired, though nobody has looked")
  local result = channel.select({ timer:response():case_receive(), default = true })
  assert(result.default == true, "the tick of before is gone")
  timer:response():receive()
  for _, bad in ipairs({ 0, "-1s", "nonsense" }) do
    local ok, err = pcall(timer.reset, timer, bad)
    assert(not ok and tostring(err):find("timer:reset: duration must be > 0", 1, true))
  end
end)

test("a ticker ticks until it is stopped [time.ticker]", function()
  local ticker = assert(time.ticker("5ms"))
  assert(ticker:response() == ticker:channel())
  local last = ticker:channel():receive()
  for _ = 1, 3 do
    local tick = ticker:channel():receive()
    assert(tick:after(last))
    last = tick
  end
  assert(ticker:stop() == true and ticker:stop() == false)
  local none, err = time.ticker("0s")
  assert(none == nil and err:kind() == errors.INVALID)
end)

test("ticks nobody reads are dropped, not queued [time.ticker.slow]", function()
  local ticker = assert(time.ticker("2ms"))
  time.sleep("40ms")
  ticker:stop()
  local count = 0
  while true do
    local result = channel.select({ ticker:channel():case_receive(), default = true })
    if result.default then break end
    count = count + 1
  end
  assert(count == 1, count .. " ticks were queued")
end)

test("many waits at once end in order of their time", function()
  local channels = {}
  for i = 1, 50 do channels[i] = time.after(i * 200 * time.MICROSECOND) end
  local last
  for i = 1, 50 do
    local tick = channels[i]:receive()
    assert(last == nil or not tick:before(last))
    last = tick
  end
end)
