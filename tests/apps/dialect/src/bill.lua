local json = require("json")

local function bill(value: any): {[string]: any}
  local order = orders.of(value)
  local count: integer, total: number = orders.count(order), orders.total(order)
  return {
    count = count,
    total = total,
    kinds = {math.type(count), math.type(7 // 2), math.type(7 / 2), math.type(2 ^ 2)},
    text = string.format("%d items, %s", count, json.encode({count // 2, count % 2})),
    note = orders.note(order, "door"),
  }
end

return {bill = bill}
