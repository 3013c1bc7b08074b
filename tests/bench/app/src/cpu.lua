-- Seconds that one run of the named program takes.
local programs = { fib = fib, loops = loops, tables = tables, strings = strings, nbody = nbody }
return {
  main = function(name)
    local program = programs[name]
    local started = time.now()
    program()
    return time.now():sub(started):seconds()
  end,
}
