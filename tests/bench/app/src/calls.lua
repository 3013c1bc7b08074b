-- Microseconds of a call of an empty function.
return {
  main = function(count)
    local call = funcs.call
    local function run(n)
      for _ = 1, n do call("bench:empty") end
    end
    run(count // 10)
    local started = time.now()
    run(count)
    return time.now():sub(started):seconds() * 1e6 / count
  end,
}
