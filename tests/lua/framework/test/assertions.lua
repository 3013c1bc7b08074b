-- imports: t=wippy.test:test

--- The failure of an assertion without the place in front; nil when it held.
local function failure(fn, ...)
  local ok, err = pcall(fn, ...)
  if ok then return nil end
  return (tostring(err):gsub("^case:main:%d+: ", ""))
end

--- Holds for `good`, fails for `bad` with exactly that text.
local function check(fn, good, bad, text)
  assert(failure(fn, table.unpack(good, 1, good.n or #good)) == nil, "should hold")
  local got = failure(fn, table.unpack(bad, 1, bad.n or #bad))
  assert(got == text, "expected failure " .. text .. ", got " .. tostring(got))
end

test("a failure says message, expected and actual, strings quoted [test.assert.msg]", function()
  assert(failure(t.eq, 1, 2) == "assertion failed: expected 2, got 1")
  assert(failure(t.eq, "a\n\"b\"", "c", "greeting") ~= nil)
  assert(failure(t.eq, "a \"b\"", "c", "greeting") == 'greeting: expected "c", got "a \\"b\\""')
  assert(failure(t.eq, nil, true) == "assertion failed: expected true, got nil")
  assert(failure(t.is_nil, { 1, x = "y" }) == 'assertion failed: expected nil, got {1, x = "y"}')
  local _, err = pcall(function() t.eq(1, 2) end)
  assert(tostring(err):find("^case:main:%d+: assertion failed"), "names the caller: " .. tostring(err))
end)

test("eq and neq compare tables by identity [test.eq] [test.neq]", function()
  local one = { 1 }
  check(t.eq, { one, one }, { 5, "5" }, 'assertion failed: expected "5", got 5')
  check(t.neq, { {}, {} }, { 3, 3, "ids" }, "ids: expected anything but 3, got 3")
  local same = failure(t.eq, { 1 }, { 1 })
  assert(same:find("^assertion failed: expected {1}, got {1}\n") and same:find("identity", 1, true))
end)

test("a failed comparison of tables or texts shows where they differ", function()
  local got = failure(t.eq, { a = 1, b = { 2, 3 }, ["x y"] = 1 }, { a = 1, b = { 2, 4 }, c = true })
  assert(got:find("value.b[2]: expected 4, got 3", 1, true))
  assert(got:find("value.c: expected true, got nil", 1, true))
  assert(got:find('value["x y"]: expected nil, got 1', 1, true))
  assert(not got:find("value.a", 1, true))
  got = failure(t.eq, "one\ntwo\nthree", "one\n2\nthree")
  assert(got:find("difference from line 2:\n  - 2\n  + two", 1, true), got)
  local many, none = {}, {}
  for i = 1, 100 do many[i], none[i] = i, -i end
  got = failure(t.eq, many, none)
  assert(got:find("and 80 more", 1, true) and #got < 4000)
  local loop, other = { n = 1 }, { n = 2 }
  loop.self, other.self = loop, other
  assert(failure(t.eq, loop, other):find("value.n: expected 2, got 1", 1, true))
end)

test("ok and not_nil return what they looked at [test.ok] [test.not_nil]", function()
  check(t.ok, { 0 }, { false }, "assertion failed: expected a true value, got false")
  check(t.not_nil, { false }, { nil, "user", n = 2 }, "user: expected a value, got nil")
  assert(t.ok("x") == "x" and t.not_nil(7) == 7 and t.not_nil(false) == false)
end)

test("fail fails always [test.fail]", function()
  assert(failure(t.fail) == "assertion failed" and failure(t.fail, "why") == "why")
end)

test("nil, true and false are exact [test.is_nil] [test.is_true] [test.is_false]", function()
  check(t.is_nil, { nil, n = 1 }, { false }, "assertion failed: expected nil, got false")
  check(t.is_true, { true }, { 1 }, "assertion failed: expected true, got 1")
  check(t.is_false, { false }, { nil, "off", n = 2 }, "off: expected false, got nil")
end)

test("type guards return the value [test.is_type]", function()
  local values = { string = "s", number = 1.5, table = {}, ["function"] = print, boolean = false }
  for name, value in pairs(values) do
    local guard = t["is_" .. name]
    assert(guard(value) == value)
    for other, wrong in pairs(values) do
      local text = failure(guard, wrong, "m")
      if other == name then assert(text == nil) else assert(text:find("^m: expected " .. name .. ", got ")) end
    end
  end
end)

test("contains is plain, matches takes a pattern [test.contains] [test.matches]", function()
  check(t.contains, { "a.b", "." }, { "ab", "." }, 'assertion failed: expected a string that contains ".", got "ab"')
  assert(t.contains("whole", "ol") == "whole")
  assert(failure(t.contains, nil, "x") == 'assertion failed: expected a string that contains "x", got nil')
  check(t.matches, { "id-42", "^id%-%d+$" }, { "id", "%d" }, 'assertion failed: expected a string that matches "%d", got "id"')
end)

test("has_key returns the value, len looks at the length [test.has_key] [test.len]", function()
  check(t.has_key, { { a = false }, "a" }, { { 1 }, "b" }, 'assertion failed: expected a table with key "b", got {1}')
  assert(t.has_key({ a = 5 }, "a") == 5 and t.has_key({ a = false }, "a") == false)
  check(t.len, { "abc", 3 }, { { 1, 2 }, 3 }, "assertion failed: expected length 3, got 2 ({1, 2})")
  assert(failure(t.len, 5, 1) == "assertion failed: expected a value of length 1, got 5")
end)

test("comparisons [test.cmp]", function()
  check(t.gt, { 2, 1 }, { 1, 1 }, "assertion failed: expected a value > 1, got 1")
  check(t.gte, { 1, 1 }, { 0, 1 }, "assertion failed: expected a value >= 1, got 0")
  check(t.lt, { "a", "b" }, { 1, 1 }, "assertion failed: expected a value < 1, got 1")
  check(t.lte, { 1, 1 }, { 2, 1, "age" }, "age: expected a value <= 1, got 2")
  assert(failure(t.gt, nil, 1) == "assertion failed: expected a value > 1, got nil")
end)

test("throws returns what was raised [test.throws]", function()
  local raised = { code = 7 }
  assert(t.throws(function() error(raised) end) == raised)
  assert(failure(t.throws, function() end) == "assertion failed: expected error, got nil")
end)

test("failed and good calls [test.has_error] [test.no_error]", function()
  check(t.has_error, { nil, "no" }, { nil, nil, n = 2 }, "assertion failed: expected error, got nil")
  assert(failure(t.has_error, 1, "no") == "assertion failed: expected nil and an error, got 1")
  check(t.no_error, { 1, nil, n = 2 }, { 1, "no" }, 'assertion failed: expected no error, got "no"')
end)
