--- Assertions. Each raises when it does not hold; the guards return the value they looked at.
---
--- A failure reads `<message or "assertion failed">: expected X, got Y`, after the place of the call.

--- The place that a failure names: the caller of the assertion.
local CALLER = 3

local function failed(message: string?, expected: string, actual: string, more: {string}?)
  local text = (message or "assertion failed") .. ": expected " .. expected .. ", got " .. actual
  for _, line in ipairs(more or {}) do text = text .. "\n  " .. line end
  error(text, CALLER)
end

local M = {}

--- `actual == expected`; tables are equal when they are the same one.
function M.eq(actual: any, expected: any, message: string?)
  if actual == expected then return end
  failed(message, shown.value(expected), shown.value(actual), shown.difference(expected, actual))
end

--- `actual ~= expected`.
function M.neq(actual: any, expected: any, message: string?)
  if actual ~= expected then return end
  failed(message, "anything but " .. shown.value(expected), shown.value(actual))
end

--- Neither nil nor false; returns the value.
function M.ok(value: any, message: string?): any
  if not value then failed(message, "a true value", shown.value(value)) end
  return value
end

--- Fails always.
function M.fail(message: string?)
  error(message or "assertion failed", 2)
end

function M.is_nil(value: any, message: string?)
  if value ~= nil then failed(message, "nil", shown.value(value)) end
end

--- Not nil; returns the value.
function M.not_nil(value: any, message: string?): any
  if value == nil then failed(message, "a value", "nil") end
  return value
end

--- Exactly `true`.
function M.is_true(value: any, message: string?)
  if value ~= true then failed(message, "true", shown.value(value)) end
end

--- Exactly `false`.
function M.is_false(value: any, message: string?)
  if value ~= false then failed(message, "false", shown.value(value)) end
end

for _, name in ipairs({"string", "number", "table", "function", "boolean"}) do
  --- A value of that type; returns it.
  M["is_" .. name] = function(value: any, message: string?): any
    if type(value) ~= name then failed(message, name, shown.value(value)) end
    return value
  end
end

--- Holds the text somewhere; returns the whole one.
function M.contains(text: any, part: any, message: string?): any
  if type(text) ~= "string" or type(part) ~= "string" or not text:find(part, 1, true) then
    failed(message, "a string that contains " .. shown.value(part), shown.value(text))
  end
  return text
end

--- Matches a Lua pattern.
function M.matches(text: any, pattern: string, message: string?)
  if type(text) ~= "string" or not text:find(pattern) then
    failed(message, "a string that matches " .. shown.value(pattern), shown.value(text))
  end
end

--- Has a value under the key; returns it.
function M.has_key(map: any, key: any, message: string?): any
  if type(map) == "table" and map[key] ~= nil then return map[key] end
  failed(message, "a table with key " .. shown.value(key), shown.value(map))
  return nil
end

--- `#value == expected`.
function M.len(value: any, expected: integer, message: string?)
  local has, length = pcall(function(): integer return #value end)
  if not has then
    failed(message, "a value of length " .. shown.value(expected), shown.value(value))
  end
  if length ~= expected then
    failed(
      message,
      "length " .. shown.value(expected),
      shown.value(length) .. " (" .. shown.value(value) .. ")"
    )
  end
end

--- Comparisons of `a` with `b`: sign, and whether it holds.
local COMPARISONS = {
  gt = {">", function(a: any, b: any): boolean return a > b end},
  gte = {">=", function(a: any, b: any): boolean return a >= b end},
  lt = {"<", function(a: any, b: any): boolean return a < b end},
  lte = {"<=", function(a: any, b: any): boolean return a <= b end},
}
for name, comparison in pairs(COMPARISONS) do
  M[name] = function(a: any, b: any, message: string?)
    local can, holds = pcall(comparison[2], a, b)
    if not can or not holds then
      failed(message, "a value " .. comparison[1] .. " " .. shown.value(b), shown.value(a))
    end
  end
end

--- `fn` raises; returns what it raised.
function M.throws(fn: any, message: string?): any
  local returned, raised = pcall(fn)
  if returned then failed(message, "error", "nil") end
  return raised
end

--- A failed call: no value, and an error.
function M.has_error(value: any, err: any, message: string?)
  if value ~= nil then failed(message, "nil and an error", shown.value(value)) end
  if err == nil then failed(message, "error", "nil") end
end

--- A call that went well: no error.
function M.no_error(_value: any, err: any, message: string?)
  if err ~= nil then failed(message, "no error", shown.value(err)) end
end

return M
