-- Types as values: calling them and asking `:is`.
type Point = {x: number, y: number}
type Status = "pending" | "active" | "done"
type Config = {host: string, port: integer, timeout?: number, tags?: readonly {string}, extra: {[string]: any}}
type Order = {id: string, items: {{name: string, count: integer}}, owner: {name: string, role: "admin" | "user"}}
type Node = {value: integer, next: Node?}
type Named = {name: string}
type Aged = {age: number}
type Person = Named & Aged
type Handler = (string) -> boolean

local function is(t, value, expected)
  local got, err = t:is(value)
  if expected == nil then assert(err == nil and got == value, tostring(err))
  else assert(got == nil and err == expected, tostring(err)) end
end

local function raises(pattern, fn, ...)
  local ok, message = pcall(fn, ...)
  assert(not ok, "expected an error")
  assert(type(message) == "string" and message:find(pattern, 1, true), tostring(message))
end

test("calling a type gives the value back or raises [types.call.validate]", function()
  local data: any = {x = 1, y = 2}
  local p = Point(data)
  assert(p == data and p.x + p.y == 3)
  raises("y: expected number, got nil", function() return (Point({x = 1})) end)
  raises("case:main:30: ", function()
    local broken = Point({x = 1})
  end)
end)

test("primitives validate without converting [types.call.primitive]", function()
  assert(string("a") == "a" and boolean(false) == false and number(1.5) == 1.5)
  local three = integer(3.0)
  assert(math.type(three) == "float")
  raises("expected integer, got string", function() return integer("3") end)
  raises("expected string, got number", function() return string(3) end)
  raises("expected boolean, got nil", function() return boolean(nil) end)
end)

test("string is library and type at once [types.call.string-table]", function()
  assert(string.format("%d", 3) == "3" and string.rep("a", 2) == "aa")
  assert(string("x") == "x" and string:kind() == "string" and string:is("x") == "x")
  assert(("x"):upper() == "X" and string.is("y") == "y")
end)

test("is gives the value, or nil and a text; it never raises [types.is]", function()
  local value, err = Point:is({x = 1, y = 2})
  assert(value.x == 1 and err == nil)
  value, err = Point:is("no")
  assert(value == nil and err == "expected Point, got string")
  is(Order, {id = "1", items = {{name = "a", count = 1}, {name = "b", count = "x"}}, owner = {name = "n", role = "user"}},
    "items[2].count: expected integer, got string")
  is(Order, {id = "1", items = {}, owner = {name = "n"}}, 'owner.role: expected "admin" | "user", got nil')
  is(Config, {host = "h", port = 1, extra = 5}, "extra: expected {[string]: any}, got number")
  is(Config, {host = "h", port = 1, extra = {[1] = 2}}, "extra[1]: expected string, got number")
  local Scores = typeof({} :: {[string]: number})
  is(Scores, {a = 1, b = "x"}, "[b]: expected number, got string")
end)

test("is works with a dot too [types.is.form]", function()
  assert(Point.is({x = 1, y = 2}).y == 2)
  local value, err = Point.is(5)
  assert(value == nil and err == "expected Point, got number")
end)

test("got names every kind of value [types.is.got]", function()
  for _, case in ipairs({ {nil, "nil"}, {true, "boolean"}, {1, "number"}, {"s", "string"}, {print, "function"},
    {channel.new(), "userdata"}, {Point, "type"} }) do
    local _, err = Point:is(case[1])
    assert(err == "expected Point, got " .. case[2], err)
  end
  local _, err = integer:is({})
  assert(err == "expected integer, got table")
end)

test("missing fields are named, extra ones ignored, optional ones may be absent [types.is.record]", function()
  is(Point, {x = 1}, "y: expected number, got nil")
  is(Point, {x = 1, y = 2, z = 3})
  is(Config, {host = "h", port = 1, extra = {}})
  is(Config, {host = "h", port = 1, extra = {}, timeout = 1.5, tags = {"a"}})
  is(Config, {host = "h", port = 1, extra = {}, timeout = "soon"}, "timeout: expected number?, got string")
  is(Config, {host = "h", port = 1, extra = {}, tags = {"a", 2}}, "tags[2]: expected string, got number")
end)

test("unions name themselves [types.is.union]", function()
  is(Status, "active")
  is(Status, "gone", 'expected "pending" | "active" | "done", got string')
end)

test("any function passes a function type [types.is.function]", function()
  is(Handler, function() end)
  is(Handler, print)
  is(Handler, 1, "expected Handler, got number")
end)

test("an integral float is an integer and both are numbers [types.is.integer]", function()
  is(integer, 3)
  is(integer, 3.0)
  is(integer, 3.5, "expected integer, got number")
  is(integer, math.huge, "expected integer, got number")
  is(number, 3)
  is(number, 3.5)
end)

test("any and unknown take everything, never nothing [types.is.unknown]", function()
  for _, value in ipairs({ 1, "s", {}, print, Point }) do
    is(any, value)
    is(unknown, value)
    assert(select(2, never:is(value)))
  end
  is(any, nil)
  is(never, nil, "expected never, got nil")
end)

test("intersections need all members, arrays and maps all elements [types.syntax.intersection]", function()
  is(Person, {name = "a", age = 3})
  is(Person, {name = "a"}, "age: expected number, got nil")
  type Names = {string}
  is(Names, {})
  is(Names, {"a", "b"})
  is(Names, {"a", 2}, "[2]: expected string, got number")
  is(Names, {a = "b"}, "expected Names, got table")
end)

test("recursive types and values", function()
  is(Node, {value = 1, next = {value = 2}})
  is(Node, {value = 1, next = {value = "x"}}, "next.value: expected integer, got string")
  local ring = {value = 1}
  ring.next = ring
  is(Node, ring)
  type Json = string | number | boolean | {Json} | {[string]: Json} | nil
  is(Json, {a = {1, 2, {b = "c"}}, d = true})
  assert(select(2, Json:is({a = print})))
  type Expression = {left: Term?, op: string}
  type Term = {inner: Expression}
  is(Expression, {op = "+", left = {inner = {op = "-"}}})
  is(Expression, {op = "+", left = {inner = {}}}, "left.inner.op: expected string, got nil")
end)

test("casts and marks check nothing [types.unsafe]", function()
  local data: any = {x = "not a number"}
  local p = data :: Point
  local q = data as Point
  assert(p == data and q == data and p.x == "not a number")
  local missing: Point? = nil
  local ok, message = pcall(function() return (missing!).x end)
  assert(not ok and message:find("attempt to index a nil value", 1, true), message)
end)

test("types are passed, stored and called like any value [types.passable]", function()
  local function each(t, list)
    local out = {}
    for i, value in ipairs(list) do out[i] = t(value) end
    return out
  end
  assert(#each(Point, {{x = 1, y = 2}, {x = 3, y = 4}}) == 2)
  local kinds = {point = Point, text = string}
  assert(kinds.point:is({x = 1, y = 1}) and kinds.text("a") == "a")
  raises("expected Point, got string", each, Point, {"x"})
end)

test("calls with a wrong number of arguments raise [types.call.errors]", function()
  raises("type Point expects at least 1 argument", function() return Point() end)
  raises("type Point expects 1 argument, got 2", function() return Point({}, {}) end)
  raises("type Point is not generic", function() return Point(string) end)
  raises("type string is not generic", function() return string(number) end)
end)

test("tagged unions with boolean tags", function()
  type Result<T> = {ok: true, value: T} | {ok: false, error: string}
  local Number = Result(number)
  is(Number, {ok = true, value = 1})
  is(Number, {ok = false, error = "e"})
  assert(select(2, Number:is({ok = true, value = "x"})))
end)
