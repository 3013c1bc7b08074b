local logger = require("logger")
local events = require("events")

local function main(): integer
  local orders = assert(events.subscribe("shop", "order.placed"))
  local ends = process.events()
  logger:info("dispatch waits for orders")
  while true do
    local case = channel.select({orders:channel():case_receive(), ends:case_receive()})
    if case.channel == ends then
      if case.value.kind == process.event.CANCEL then return 0 end
    else
      local order = case.value.data
      for _, item in ipairs(order.items) do
        logger:info("packed", {customer = order.customer, sku = item.sku, quantity = item.quantity})
      end
      logger:info("sent", {customer = order.customer, total = order.total})
    end
  end
end

return {main = main}
