-- Ways to connect coroutines of one process.
local time = require("time")

local patterns = {}

function patterns.buffered(): string
  local pipe = channel.new(3)
  for i = 1, 3 do pipe:send(i) end
  local seen = {}
  for i = 1, 3 do seen[i] = pipe:receive() end
  return table.concat(seen, " ")
end

function patterns.rendezvous(): string
  local pipe, trace = channel.new(0), {}
  coroutine.spawn(function()
    trace[#trace + 1] = "sending"
    pipe:send("parcel")
    trace[#trace + 1] = "sent"
  end)
  trace[#trace + 1] = "receiving"
  local value = pipe:receive()
  trace[#trace + 1] = value
  return trace[1] .. ", " .. trace[2] .. ", " .. table.concat(trace, ", ", 3)
end

function patterns.choice(): string
  local left, right = channel.new(1), channel.new(1)
  right:send("from the right")
  local got = channel.select({left:case_receive(), right:case_receive()})
  local put = channel.select({left:case_send("x")})
  return string.format("%s %s %s, send %s", got.value, got.ok, got.channel == right, put.ok)
end

function patterns.producer(): integer
  local pipe, count = channel.new(2), 0
  coroutine.spawn(function()
    for i = 1, 10 do pipe:send(i) end
    pipe:close()
  end)
  while true do
    local _, ok = pipe:receive()
    if not ok then return count end
    count = count + 1
  end
end

function patterns.ping_pong(): integer
  local ping, pong = channel.new(0), channel.new(0)
  coroutine.spawn(function()
    while true do
      local ball, ok = ping:receive()
      if not ok then break end
      pong:send(ball + 1)
    end
    pong:close()
  end)
  local ball = 0
  for _ = 1, 5 do
    ping:send(ball)
    ball = pong:receive()
  end
  ping:close()
  return ball
end

-- Three workers share six jobs.
function patterns.fan_out(): (integer, boolean)
  local jobs, results = channel.new(6), channel.new(6)
  for _ = 1, 3 do
    coroutine.spawn(function()
      while true do
        local job, ok = jobs:receive()
        if not ok then return end
        time.sleep("1ms")
        results:send(job * 2)
      end
    end)
  end
  for i = 1, 6 do jobs:send(i) end
  jobs:close()
  local sum = 0
  for _ = 1, 6 do sum = sum + results:receive() end
  return sum, select(2, jobs:receive())
end

function patterns.fan_in(): {[string]: integer}
  local all, count = channel.new(0), {}
  for i = 1, 4 do
    coroutine.spawn(function()
      for _ = 1, 5 do all:send("producer " .. i) end
    end)
  end
  for _ = 1, 20 do
    local name = all:receive()
    count[name] = (count[name] or 0) + 1
  end
  return count
end

function patterns.deadline(): string
  local never, limit = channel.new(0), time.after("5ms")
  local case = channel.select({never:case_receive(), limit:case_receive()})
  return case.channel == limit and "in vain" or "got something"
end

return patterns
