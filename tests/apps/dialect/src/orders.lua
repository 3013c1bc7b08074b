-- Types stand beside the code and are gone when it runs.
type Line = {name: string, count: integer, price: number}
type Order = {lines: {Line}, notes: {[string]: string}?, paid: boolean?}

local orders = {}

function orders.of(value: any): Order
  return value :: Order
end

function orders.count(order: Order): integer
  local count: integer = 0
  for _, line in ipairs(order.lines) do
    if line.count <= 0 then goto continue end
    count = count + line.count
    ::continue::
  end
  return count
end

function orders.total(order: Order): number
  local total = 0
  for _, line in ipairs(order.lines) do total = total + line.count * line.price end
  return total
end

function orders.note(order: Order, name: string): string
  return order.notes![name] or "none"
end

return orders
