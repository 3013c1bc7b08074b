-- modules: expr, time

local function value(source, env)
  local result, err = expr.eval(source, env)
  assert(err == nil, source .. ": " .. tostring(err))
  return result
end

local function failure(kind, fn, ...)
  local result, err = fn(...)
  assert(result == nil and err, "no error")
  assert(err:kind() == kind and err:retryable() == false, err:kind() .. ": " .. err:message())
  return err:message()
end

test("eval computes with what it is given [expr.eval]", function()
  assert(value("1 + 2 * 3") == 7)
  assert(math.abs(value("price * quantity", { price = 29.99, quantity = 3 }) - 89.97) < 1e-9)
  assert(value("age >= 18", { age = 21 }) == true)
  assert(value('name + " is " + status', { name = "Alice", status = "online" }) == "Alice is online")
  assert(value('score > 90 ? "A" : score > 80 ? "B" : "C"', { score = 85 }) == "B")
  assert(value('"admin" in roles', { roles = { "user", "admin" } }) == true)
  assert(value("missing") == nil and value("missing == nil") == true)
  local list = value("map(users, {name: .name, old: .age > 30})", { users = { { name = "a", age = 31 }, { name = "b", age = 5 } } })
  assert(#list == 2 and list[1].name == "a" and list[1].old == true and list[2].old == false)
  assert(value('{"k": [1, {"x": nil}]}').k[1] == 1)
  assert(value("big + 1", { big = math.maxinteger - 1 }) == math.maxinteger)
  assert(value("s", { s = "a\0b" }) == "a\0b" and value([[b"\xff\x00"]]) == "\255\0")
  assert(value('$env["two words"]', { ["two words"] = 5 }) == 5)
  assert(value('text matches "^h.+o$"', { text = "hello" }) == true)
  for i = 1, 1200 do assert(value("x + " .. i, { x = 1 }) == i + 1) end
end)

test("times and durations of Lua are those of expressions [expr.eval]", function()
  local at = time.date(2024, 2, 29, 12, 0, 0, 0, time.utc)
  local env = { at = at, list = { at }, wait = time.parse_duration("90m") }
  assert(value("at.Year() == 2024 and list[0].Month() == 2 and any(list, #.Day() == 29)", env) == true)
  assert(value('at + duration("24h") > at and wait > duration("1h")', env) == true)
  assert(value("at + wait", env) == at:unix() + 5400 and value("wait", env) == 5400000000000)
  assert(value('date("1970-01-01") + duration("1m")') == 60 and math.type(value("now()")) == "integer")
  assert(value("other", { other = expr.compile("1") }):run() == 1, "other objects pass through")
end)

test("integers and floats stay what they are [expr.eval]", function()
  assert(math.type(value("1 + 2")) == "integer" and math.type(value("x", { x = 2.0 })) == "float")
  assert(math.type(value("x * 2", { x = 2.0 })) == "float" and value("10 / 2") == 5.0)
  assert(value("1 == 1.0") == true and value("type(x)", { x = 3.0 }) == "float")
end)

test("compile makes programs that run many times [expr.compile] [expr.program.run]", function()
  local discount, err = expr.compile("price * (1 - discount_rate)")
  assert(err == nil and type(discount) == "userdata")
  assert(discount:run({ price = 100, discount_rate = 0.1 }) == 90)
  assert(discount:run({ price = 50, discount_rate = 0.2 }) == 40)
  local valid = expr.compile("len(password) >= 8 and len(password) <= 128")
  assert(valid:run({ password = "short" }) == false and valid:run({ password = "securepass123" }) == true)
  assert(expr.compile("1 + 1"):run() == 2)
  assert(expr.compile('x matches "b+"'):run({ x = "abbc" }) == true)
  assert(expr.compile("a + b", { a = 1, b = 2 }):run({ a = 3, b = 4 }) == 7)
  assert(failure(errors.INTERNAL, expr.compile, "a + bb", { a = 1, b = 2 }):find('unknown name "bb"', 1, true))
  assert(failure(errors.INTERNAL, discount.run, discount, { price = "x", discount_rate = 1 }):find("string", 1, true))
  assert(failure(errors.INVALID, discount.run, discount, 5) == "env must be a table")
end)

test("every operator of the language [expr.syntax]", function()
  local env = { a = true, b = false, x = 10, y = 1, list = { 1, 2, 3 }, user = { name = "Ann" } }
  local cases = {
    ["10 / 2 - 1"] = 4, ["10 % 3"] = 1, ["2 ** 3"] = 8, ["2 ^ 3"] = 8, ["-x"] = -10,
    ["x > 5"] = true, ["x == y"] = false, ["x != y"] = true, ["x <= 10"] = true,
    ["a && b"] = false, ["a || b"] = true, ["!a"] = false, ["a and not b"] = true, ["a or b"] = true,
    ["x > 0 ? 'positive' : 'negative'"] = "positive", ["nothing ?? 'default'"] = "default",
    ["'hello' + ' ' + 'world'"] = "hello world", ['"hello" contains "ell"'] = true,
    ['"hello" startsWith "he"'] = true, ['"hello" endsWith "lo"'] = true, ["2 in list"] = true,
    ["[1, 2, 3][0]"] = 1, ["list[-1]"] = 3, ["len(list[1:])"] = 2, ["len(1..4)"] = 4,
    ["user.name"] = "Ann", ["user?.name"] = "Ann", ["nothing?.name == nil"] = true, ["user['name']"] = "Ann",
    ["'  hi ' | trim() | upper()"] = "HI", ["let z = x + 1; z * 2"] = 22,
    ["if a { 1 } else { 2 }"] = 1, ["any(list, # > 2)"] = true, ["'name' in user"] = true,
  }
  for source, expected in pairs(cases) do
    local got = value(source, env)
    assert(got == expected, source .. " = " .. tostring(got))
  end
end)

test("built-in functions [expr.functions]", function()
  local cases = {
    ["max(1, 5, 3)"] = 5, ["min(10, 2, 8)"] = 2, ["abs(-42)"] = 42, ["ceil(3.2)"] = 4, ["floor(3.8)"] = 3,
    ['len("hello")'] = 5, ["len([1, 2, 3])"] = 3, ['upper("hello")'] = "HELLO", ['lower("HELLO")'] = "hello",
    ['trim("  hi  ")'] = "hi", ["len(items)"] = 3, ["sum(items)"] = 6, ["sum(filter(items, # > 1))"] = 5,
    ['toJSON({"a": 1})'] = '{"a":1}', ['duration("1m").Seconds()'] = 60, ['date("2024-02-29").YearDay()'] = 60,
    ['split("a,b", ",")[1]'] = "b", ["type(now())"] = "time.Time", ["len(empty)"] = 0,
  }
  for source, expected in pairs(cases) do
    local got = value(source, { items = { 1, 2, 3 }, empty = {} })
    assert(got == expected, source .. " = " .. tostring(got))
  end
end)

test("mistakes have their kinds and places [expr.errors]", function()
  assert(failure(errors.INVALID, expr.eval, "") == "expression is empty")
  assert(failure(errors.INVALID, expr.eval, " \n") == "expression is empty")
  assert(failure(errors.INVALID, expr.compile, "") == "expression is empty")
  assert(failure(errors.INVALID, expr.eval, nil) == "expression must be a string")
  assert(failure(errors.INVALID, expr.eval, "1", "x") == "env must be a table")
  assert(failure(errors.INTERNAL, expr.eval, "1 +") == "unexpected end of expression (1:4)")
  assert(failure(errors.INTERNAL, expr.compile, "1 +\n )") == 'unexpected ")", expected a value (2:2)')
  assert(failure(errors.INTERNAL, expr.eval, "a.b.c") == 'can\'t read "b" of nil (1:3)')
  assert(failure(errors.INTERNAL, expr.eval, "x matches '('", { x = "y" }):find("invalid regular expression", 1, true))
  assert(failure(errors.INTERNAL, expr.eval, "f", { f = function() end }) == "the result holds a function")
  assert(failure(errors.INTERNAL, expr.eval, "maax(1)"):find('did you mean "max"', 1, true))
end)

test("no expression runs or grows without bound [expr.errors]", function()
  failure(errors.INTERNAL, expr.eval, "1..1000000000")
  failure(errors.INTERNAL, expr.eval, "let a = 1..2000; count(a, sum(a) > count(a, # > 0))")
  failure(errors.INTERNAL, expr.eval, "repeat('x', 1000000000000)")
  failure(errors.INTERNAL, expr.eval, ("("):rep(50000))
end)
