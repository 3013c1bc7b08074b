-- Microseconds to start a monitored process and hear of its end.
return {
  main = function(count)
    local events = process.events()
    local function run(n)
      for _ = 1, n do
        process.spawn_monitored("bench:nothing", "bench:processes")
        events:receive()
      end
    end
    run(count // 10)
    local started = time.now()
    run(count)
    return time.now():sub(started):seconds() * 1e6 / count
  end,
}
