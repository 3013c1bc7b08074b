local logger = require("logger")
local events = require("events")

type Item = {sku: string, title: string, price: number, quantity: integer}

local function main(customer: string, name: string): integer
  assert(process.registry.register(name))
  logger:info("basket is taken", {customer = customer})
  local items: {Item} = {}

  local function state(status: string): any
    local total = 0
    for _, item in ipairs(items) do total = total + item.price * item.quantity end
    return {customer = customer, status = status, items = items, total = total}
  end

  local inbox, ends = process.inbox(), process.events()
  while true do
    local case = channel.select({inbox:case_receive(), ends:case_receive()})
    if case.channel == ends then
      if case.value.kind == process.event.CANCEL then return 0 end
    else
      local message = case.value
      local topic, data = message:topic(), message:payload():data()
      if topic == "add" then
        local known
        for _, item in ipairs(items) do
          if item.sku == data.sku then known = item end
        end
        if known then
          known.quantity = known.quantity + data.quantity
        else
          items[#items + 1] = data
        end
        process.send(message:from(), "reply", state("added"))
      elseif topic == "view" then
        process.send(message:from(), "reply", state("open"))
      elseif topic == "order" then
        local order = state("ordered")
        events.send("shop", "order.placed", "/orders/" .. customer, order)
        process.registry.unregister(name)
        process.send(message:from(), "reply", order)
        return 0
      end
    end
  end
end

return {main = main}
