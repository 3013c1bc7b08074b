-- A small order service: every form of type syntax in its usual place.
local channel = require("channel")

type Status = "pending" | "active" | "done"
type Id = integer @min(1) | string @min_len(1) @max_len(36)
type Item = {
  id: Id,
  name: string @pattern("^[a-z]+$"),
  tags?: readonly {string},
  price: number @min(0),
  meta: {[string]: any},
}
type Named = {name: string}
type Order = Named & {items: {Item}, status: Status, parent: Order?}
type Result<T, E> =
  {ok: true, value: T}
  | {ok: false, error: E}
type Handler = (order: Order, ...: any) -> (boolean, error?)
type Sample = typeof(channel)

local total: number @min(0) = 0
local handler: Handler
local orders: {[string]: Order} = {}
local inbox: channel.Channel<Order> = channel.new(8)
local last <const>: Status = "done"

local function first<T: Named, U>(list: {T}, fallback: U): T | U
  for _, value: T in ipairs(list) do
    if value.name ~= "" then return value end
  end
  return fallback
end

local function sum(...: number): number
  local result: number = 0
  for i: integer = 1, select("#", ...) do
    result = result + (select(i, ...)) :: number
    if result > 100 then goto continue end
    total = total + result as number
    ::continue::
  end
  return result
end

function orders.add(order: Order, notify?: boolean): (Order?, string?)
  local checked, err = Order:is(order)
  if err then return nil, err end
  orders[(checked!).name] = checked :: any :: Order
  return checked!, nil
end

function orders:find(name: string): Order? return self[name] end

handler = function<T>(order: Order, ...: T): (boolean, error?)
  local value = first(order.items, "none")
  return value ~= "none" and sum(1, 2) < 5, nil
end

local data: any = {name = "x"}
local item = Item(data)
local names: {string} = {} :: {string}
(print)(item, names)
return {Order = Order, Result = Result, handler = handler}
