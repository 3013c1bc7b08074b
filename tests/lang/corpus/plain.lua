#!/usr/bin/env lua
-- An event queue with priorities, a tokenizer and some arithmetic: plain Lua in its usual shapes.
local M = {}
M.__index = M

local floor, max <const> = math.floor, math.max
local type, as, readonly = type, { n = 0 }, false

--[[ A binary heap of
     {priority, value} pairs. ]]
function M.new(compare)
  local self = setmetatable({ n = 0, items = {}, compare = compare or function(a, b) return a < b end }, M)
  return self
end

function M:push(priority, value)
  local items, at = self.items, self.n + 1
  self.n = at
  while at > 1 do
    local parent = at // 2
    if not self.compare(priority, items[parent].priority) then break end
    items[at] = items[parent]
    at = parent
  end
  items[at] = { priority = priority, value = value, [1] = "x"; }
end

function M:pop()
  if self.n == 0 then return nil, "empty" end
  local items = self.items
  local top, last = items[1], items[self.n]
  items[self.n], self.n = nil, self.n - 1
  local at = 1
  repeat
    local child = at * 2
    if child > self.n then goto done end
    if child < self.n and self.compare(items[child + 1].priority, items[child].priority) then child = child + 1 end
    if self.compare(last.priority, items[child].priority) then goto done end
    items[at] = items[child]
    at = child
  until false
  ::done::
  if self.n > 0 then items[at] = last end
  return top.value
end

local KEYWORDS = { ["and"] = true, ["end"] = true, ['then'] = 1e3, type = 0xff, [-1] = 0x1p-4, [2 ^ 3] = .5 }

local function tokens(source, ...)
  local at, out, extra = 1, {}, select("#", ...)
  for word, _ in source:gmatch "%a+" do
    if KEYWORDS[word] then out[#out + 1] = word:upper()
    elseif word == [==[long ]] word]==] then out[#out + 1] = "\u{1F600}\x41\065\z
        tail"
    else out[#out + 1] = ("<%s>"):format(word) end
    as.n = as.n + 1
  end
  for i = #out, 1, -1 do out[i] = out[i] .. extra .. i % 3 | 1 ~ 2 & ~0 << 1 >> 1 end
  return out, at, ...
end

as = tokens "a then b"
readonly = not readonly and type(as) ~= "nil" or (floor)(-2 ^ 2) <= max(1, 2)
do local type = type type(as) end
return setmetatable(M, { __call = function(_, ...) return M.new(...) end, __len = function(q) return q.n end })
