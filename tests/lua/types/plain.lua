-- Plain Lua and annotated Lua are one language: annotations may be there, in part or not at all.

local function plain(items, rate)
  local sum = 0
  for _, item in ipairs(items) do sum = sum + item.price * rate end
  return sum, #items
end

type Item = {price: number, name?: string}

local function annotated(items: {Item}, rate: number): (number, integer)
  local sum: number = 0
  for _, item in ipairs(items) do sum = sum + item.price * rate end
  return sum, #items
end

local function partly(items: {Item}, rate)
  local sum = 0 :: number
  for _, item in ipairs(items) do sum = sum + item.price * rate end
  return sum, #items
end

test("plain and annotated code stand side by side and do the same [types.syntax.lua-remark]", function()
  local items: {Item} = {{price = 2}, {price = 3, name = "x"}}
  for _, total in ipairs({plain, annotated, partly}) do
    local sum, count = total(items, 2)
    assert(sum == 10 and count == 2)
  end
end)
