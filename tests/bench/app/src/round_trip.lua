-- Microseconds of one message there and one back.
return {
  main = function(count)
    local pong = process.spawn("bench:pong", "bench:processes")
    local answers, me = process.listen("answer"), process.pid()
    local function run(n)
      for _ = 1, n do
        process.send(pong, "ping", me)
        answers:receive()
      end
    end
    run(count // 10)
    local started = time.now()
    run(count)
    local took = time.now():sub(started)
    process.terminate(pong)
    return took:seconds() * 1e6 / count
  end,
}
