-- What is there without being listed.
local function run(): {[string]: string}
  return {
    process = type(process),
    channel = type(channel),
    errors = type(errors),
    coroutine = type(coroutine.spawn),
    time = type(os.time()),
    print = type(print),
    required = type(require("process")),
    io = type(rawget(_G, "io")),
    debug = type(rawget(_G, "debug")),
    load = type(rawget(_G, "load")),
    json = type(rawget(_G, "json")),
  }
end

return {run = run}
