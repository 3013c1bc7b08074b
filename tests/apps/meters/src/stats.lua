local http = require("http")
local metrics = require("metrics")
local system = require("system")

local function handler()
  metrics.gauge_set("stats_asked_at", 1)
  http.response():write_json({
    goroutines = system.runtime.goroutines(),
    memory = system.memory.stats(),
  })
end

return {handler = handler}
