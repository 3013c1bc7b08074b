--- Values as text for messages, and where two values differ.

--- Longest text of one value.
local LENGTH_MAX = 200
--- Tables inside tables that are still shown.
local DEPTH_MAX = 4
--- Lines of a difference that are still shown.
local LINES_MAX = 20

local function quoted(text: string): string
  local escaped = text:gsub('[%c"\\]', function(char: string): string
    if char == "\n" then return "\\n" end
    if char == "\t" then return "\\t" end
    if char == "\r" then return "\\r" end
    if char == '"' or char == "\\" then return "\\" .. char end
    return string.format("\\%03d", char:byte())
  end)
  return '"' .. escaped .. '"'
end

--- Keys in an order that does not change: numbers, then texts, then the rest.
local function keys_of(map: {[any]: any}): {any}
  local keys = {}
  for key in pairs(map) do keys[#keys + 1] = key end
  table.sort(keys, function(a: any, b: any): boolean
    local first, second = type(a), type(b)
    if first ~= second then
      return first == "number" or (first == "string" and second ~= "number")
    end
    if first == "number" or first == "string" then return a < b end
    return tostring(a) < tostring(b)
  end)
  return keys
end

local function key_text(key: any): string
  if type(key) == "string" and key:match("^[%a_][%w_]*$") then return key end
  if type(key) == "string" then return "[" .. quoted(key) .. "]" end
  return "[" .. tostring(key) .. "]"
end

local function whole_text(value: any, depth: integer, above: {[any]: boolean}): string
  if type(value) == "string" then return quoted(value) end
  if type(value) ~= "table" then return tostring(value) end
  local mt = getmetatable(value)
  if type(mt) == "table" and mt.__tostring then return tostring(value) end
  if above[value] then return "<itself>" end
  if next(value) == nil then return "{}" end
  if depth >= DEPTH_MAX then return "{...}" end
  above[value] = true
  local parts, length = {}, 0
  for i, key in ipairs(keys_of(value)) do
    local text = whole_text(value[key], depth + 1, above)
    parts[i] = key == i and text or key_text(key) .. " = " .. text
    length = length + #parts[i]
    if length > LENGTH_MAX then
      parts[i + 1] = "..."
      break
    end
  end
  above[value] = nil
  return "{" .. table.concat(parts, ", ") .. "}"
end

--- A value on one line, cut where it gets long.
local function value(given: any): string
  local text = whole_text(given, 0, {})
  if #text <= LENGTH_MAX * 2 then return text end
  return text:sub(1, LENGTH_MAX) .. "... (" .. #text .. " bytes)"
end

local function lines_of(text: string): {string}
  local lines = {}
  for line in (text .. "\n"):gmatch("(.-)\n") do lines[#lines + 1] = line end
  return lines
end

--- Where two texts of several lines differ.
local function text_difference(expected: string, actual: string): {string}
  local before, after = lines_of(expected), lines_of(actual)
  local first, last = 1, 0
  while first <= #before and first <= #after and before[first] == after[first] do
    first = first + 1
  end
  while last < #before - first + 1
    and last < #after - first + 1
    and before[#before - last] == after[#after - last] do
    last = last + 1
  end
  local out = {"difference from line " .. first .. ":"}
  for i = first, #before - last do out[#out + 1] = "- " .. before[i] end
  for i = first, #after - last do out[#out + 1] = "+ " .. after[i] end
  return out
end

--- Where two tables differ, one path a line.
local function table_difference(
  expected: any,
  actual: any,
  path: string,
  out: {string},
  seen: {[any]: any}
)
  if rawequal(expected, actual) then return end
  if type(expected) ~= "table" or type(actual) ~= "table" then
    if expected ~= actual then
      out[#out + 1] = path .. ": expected " .. value(expected) .. ", got " .. value(actual)
    end
    return
  end
  if seen[expected] == actual then return end
  seen[expected] = actual
  local keys = {}
  for key in pairs(expected) do keys[key] = true end
  for key in pairs(actual) do keys[key] = true end
  for _, key in ipairs(keys_of(keys)) do
    local inner = type(key) == "string" and key:match("^[%a_][%w_]*$") and "." .. key
      or key_text(key):gsub("^[^%[].*", ".%0")
    table_difference(expected[key], actual[key], path .. inner, out, seen)
  end
end

--- Lines that tell how `actual` differs from `expected`, for values that are too big to compare by eye; empty for others.
local function difference(expected: any, actual: any): {string}
  local out = {}
  if type(expected) == "table" and type(actual) == "table" then
    table_difference(expected, actual, "value", out, {})
    if #out == 0 then
      return {
        "both have the same contents, but tables are compared by identity: compare their fields"
      }
    end
  elseif type(expected) == "string"
    and type(actual) == "string"
    and (expected:find("\n", 1, true) or actual:find("\n", 1, true)) then
    out = text_difference(expected, actual)
  end
  if #out > LINES_MAX then
    local more = #out - LINES_MAX
    for i = #out, LINES_MAX + 1, -1 do out[i] = nil end
    out[#out + 1] = "... and " .. more .. " more"
  end
  return out
end

return {value = value, difference = difference}
