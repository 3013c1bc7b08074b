local io = require("io")
local system = require("system")

local function main(): integer
  io.print("host " .. assert(system.process.hostname()))
  io.print("pid " .. assert(system.process.pid()))
  io.print("cpus " .. assert(system.runtime.cpu_count()))
  io.print("goroutines " .. assert(system.runtime.goroutines()))
  local memory = assert(system.memory.stats())
  io.print(string.format("heap %.1f MB", memory.heap_alloc / 1024 / 1024))
  return 0
end

return {main = main}
