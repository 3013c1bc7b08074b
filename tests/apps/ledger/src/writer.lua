local logger = require("logger")
local registry = require("registry")

local function main(): integer
  while true do
    local changes = assert(registry.snapshot()):changes()
    local number = assert(registry.current_version()):id() + 1
    for _, side in ipairs({"debit", "credit"}) do
      changes:create({
        id = string.format("ledger:%s.%d", side, number),
        kind = "registry.entry",
        meta = {number = number},
        data = {text = string.rep(side, 100)},
      })
    end
    local version = assert(changes:apply())
    logger:info("written", {version = version:id()})
  end
end

return {main = main}
