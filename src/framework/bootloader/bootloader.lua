--- Runs the boot sequence once. A step that fails ends the process with an error, and its service does what its restart policy says.

local logger = require("logger")

local function main()
  local stats, err = sequence.run()
  logger:info("boot sequence ended", {
    total = stats.total,
    success = stats.success,
    failed = stats.failed,
    skipped = stats.skipped
  })
  if err ~= nil then error(err) end
  return stats
end

return {main = main}
