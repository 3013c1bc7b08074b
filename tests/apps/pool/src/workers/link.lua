local logger = require("logger")

-- One link of a chain: makes the next one, then waits.
local function main(left: integer)
  process.registry.register("link." .. left)
  if left > 0 then assert(process.spawn_linked("app.workers:link", "app:processes", left - 1)) end
  if left == 0 then logger:info("chain is complete") end
  process.inbox():receive()
  error("torn")
end

return {main = main}
