local http = require("http")
local metrics = require("metrics")

local function handler()
  local request, response = http.request(), http.response()
  metrics.gauge_inc("orders_open")
  local order = request:body_json()
  local item = order and order.item
  if not item then
    metrics.counter_inc("orders_total", {status = "refused"})
    response:set_status(http.STATUS.BAD_REQUEST)
    response:write_json({error = "item required"})
  else
    local total = order.amount * order.price
    metrics.counter_inc("orders_total", {status = "taken"})
    metrics.counter_add("revenue_total", total, {item = item})
    metrics.histogram("order_size", order.amount, {item = item})
    response:set_status(http.STATUS.CREATED)
    response:write_json({item = item, total = total})
  end
  metrics.gauge_dec("orders_open")
end

return {handler = handler}
