local http = require("http")
local registry = require("registry")
local time = require("time")

local handlers = {}

local function answer(status: integer, body: any)
  local response = http.response()
  response:set_status(status)
  response:write_json(body)
end

-- Asks a basket and waits for its reply, which comes to this call's own inbox.
local function ask(basket: string, topic: string, data: any): any
  local inbox, limit = process.inbox(), time.after("10s")
  assert(process.send(basket, topic, data or {}))
  local case = channel.select({inbox:case_receive(), limit:case_receive()})
  if case.channel == limit then error("the basket does not answer") end
  return case.value:payload():data()
end

local function product_of(sku: string): any
  for _, entry in ipairs(assert(registry.find({["meta.type"] = "product"}))) do
    if entry.data.sku == sku then return entry end
  end
end

function handlers.add()
  local request = http.request()
  local customer = request:param("customer")
  local body = request:body_json()
  if not body or not body.sku then return answer(400, {error = "sku is required"}) end
  local product = product_of(body.sku)
  if not product then return answer(404, {error = "no such product: " .. body.sku}) end
  local name = "basket:" .. customer
  local basket = process.registry.lookup(name)
  if not basket then
    -- What is sent right after the spawn waits until the process reads.
    basket = assert(process.spawn("app:basket", "app:processes", customer, name))
  end
  answer(200, ask(basket, "add", {
    sku = body.sku,
    title = product.meta.title,
    price = product.data.price,
    quantity = body.quantity or 1,
  }))
end

function handlers.view()
  local customer = http.request():param("customer")
  local basket = process.registry.lookup("basket:" .. customer)
  if not basket then
    return answer(200, {customer = customer, items = {}, total = 0, message = "no basket"})
  end
  answer(200, ask(basket, "view"))
end

function handlers.order()
  local customer = http.request():param("customer")
  local basket = process.registry.lookup("basket:" .. customer)
  if not basket then return answer(400, {error = "no basket"}) end
  answer(200, ask(basket, "order"))
end

return handlers
