-- Longest delay in milliseconds of a process that ticks every millisecond beside busy and idle ones. Every other busy one calls the host.
return {
  main = function(busy, idle, ticks)
    for _ = 1, idle do process.spawn("bench:idle", "bench:processes") end
    local loops = {}
    for i = 1, busy do loops[i] = process.spawn(i % 2 == 0 and "bench:calling" or "bench:busy", "bench:processes") end
    local worst = 0
    for _ = 1, ticks do
      local started = time.now()
      time.sleep("1ms")
      local late = time.now():sub(started):seconds() * 1e3 - 1
      if late > worst then worst = late end
    end
    for _, pid in ipairs(loops) do process.terminate(pid) end
    return worst
  end,
}
