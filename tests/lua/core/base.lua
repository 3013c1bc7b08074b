-- modules: errors
test("ambient names exist without require [base.globals]", function()
  for _, name in ipairs({ "process", "channel", "payload", "print", "subscribe", "unsubscribe", "os", "table", "math", "string", "coroutine", "errors" }) do
    assert(_G[name] ~= nil, name)
  end
end)

test("the global table and the version exist [base.g]", function()
  assert(type(_G) == "table" and type(_VERSION) == "string")
  fresh = 5
  assert(_G.fresh == 5)
end)

test("type names every kind of value [base.type]", function()
  assert(type(nil) == "nil" and type(1) == "number" and type("") == "string" and type(true) == "boolean")
  assert(type({}) == "table" and type(print) == "function" and type(coroutine.create(print)) == "thread")
  assert(type(channel.new()) == "userdata")
end)

test("runtime objects are userdata [base.type.objects]", function()
  assert(type(errors.new("x")) == "userdata" and type(channel.new()) == "userdata" and type(payload.new(1)) == "userdata")
end)

test("tonumber takes a base [base.tonumber]", function()
  assert(tonumber("0x10") == 16 and tonumber("ff", 16) == 255 and tonumber("zz", 36) == 1295 and tonumber("101", 2) == 5)
  assert(tonumber("x") == nil and tonumber("1e1") == 10.0)
end)

test("tostring honours __tostring [base.tostring]", function()
  assert(tostring(setmetatable({}, { __tostring = function() return "custom" end })) == "custom")
  assert(tostring(12) == "12" and tostring(nil) == "nil" and tostring(true) == "true")
end)

test("assert raises and passes values through, error has levels [base.assert-error]", function()
  local a, b = assert(1, "unused")
  assert(a == 1 and b == "unused")
  local ok, message = pcall(assert, false, "no")
  assert(not ok and message == "no")
  ok, message = pcall(assert, nil)
  assert(not ok and message == "assertion failed!")
  ok, message = pcall(function() error("level") end)
  assert(message:find("^[%w%._]+:[%w%._]+:%d+: level$"), message)
  ok, message = pcall(function() error("bare", 0) end)
  assert(message == "bare")
  ok, message = pcall(error, { code = 3 })
  assert(message.code == 3)
end)

test("pcall and xpcall [base.pcall]", function()
  local ok, a, b = pcall(function(x) return x, 2 end, 1)
  assert(ok and a == 1 and b == 2)
  local handled
  ok, a = xpcall(function() error("in", 0) end, function(e) handled = e return "out" end)
  assert(not ok and a == "out" and handled == "in")
  ok, a = xpcall(function(x) return x end, print, 9)
  assert(ok and a == 9)
end)

test("pairs, ipairs, next [base.iteration]", function()
  local seen, n = {}, 0
  for k, v in pairs({ 1, 2, x = 3 }) do seen[k] = v n = n + 1 end
  assert(n == 3 and seen[1] == 1 and seen.x == 3)
  n = 0
  for i, v in ipairs({ 1, 2, nil, 4 }) do n = n + v assert(i <= 2) end
  assert(n == 3)
  assert(next({}) == nil and next({ 7 }) == 1)
end)

test("metatables [base.metatables]", function()
  local t = {}
  assert(setmetatable(t, { __metatable = "hidden" }) == t)
  assert(getmetatable(t) == "hidden" and not pcall(setmetatable, t, {}))
end)

test("raw access bypasses metamethods [base.raw]", function()
  local t = setmetatable({}, { __index = function() return 1 end, __newindex = function() end, __eq = function() return true end })
  assert(t.x == 1 and rawget(t, "x") == nil)
  rawset(t, "y", 2)
  assert(rawget(t, "y") == 2 and not rawequal(t, setmetatable({}, getmetatable(t))) and rawlen == nil)
end)

test("select and unpack [base.select-unpack]", function()
  assert(select("#", 1, nil, nil) == 3 and select(2, "a", "b", "c") == "b" and select(-1, 1, 2) == 2)
  local a, b = unpack({ 1, 2, 3 }, 2)
  assert(a == 2 and b == 3 and unpack == table.unpack)
end)

test("table functions [base.table]", function()
  local t = { 1, 2, 3 }
  table.insert(t, 4)
  table.insert(t, 1, 0)
  assert(table.concat(t, ",") == "0,1,2,3,4")
  assert(table.remove(t) == 4 and table.remove(t, 1) == 0 and #t == 3)
  table.sort(t, function(a, b) return a > b end)
  assert(table.concat(t) == "321")
  local words = { "b", "a" }
  table.sort(words)
  assert(words[1] == "a")
end)

test("string functions [base.string.functions]", function()
  local s, e, capture = ("hello world"):find("(wor)", 1)
  assert(s == 7 and e == 9 and capture == "wor" and ("a.b"):find(".", 1, true) == 2)
  assert(("key=val"):match("(%w+)=(%w+)") == "key")
  local words = {}
  for w in ("a bc"):gmatch("%a+") do words[#words + 1] = w end
  assert(#words == 2)
  local text, n = ("aXbX"):gsub("X", "-", 1)
  assert(text == "a-bX" and n == 1)
  assert(("x"):rep(3, "-") == "xxx" and ("abc"):sub(-2) == "bc" and ("abc"):reverse() == "cba")
  assert(("abc"):byte(2) == 98 and string.char(72, 105) == "Hi" and ("aB"):upper() == "AB" and ("aB"):lower() == "ab")
  assert(string.split == nil and #"abc" == ("abc"):len())
end)

test("an error object stands for its message in string functions [base.string.error-arg]", function()
  local err = errors.new("thing not found")
  assert(string.find(err, "not found") and string.upper(err) == "THING NOT FOUND" and string.len(err) == 15)
end)

test("string.format verbs [base.string.format]", function()
  assert(("%d|%5.2f|%s|%q|%x|%o|%e|%%"):format(3, 1.5, true, "a\n", 255, 8, 12.5) == '3| 1.50|true|"a\\\n"|ff|10|1.250000e+01|%')
end)

test("patterns [base.string.patterns]", function()
  assert(("a1 _B"):match("^%a%d%s_%u$") == "a1 _B")
  assert(("f(a(b)c)d"):match("%b()") == "(a(b)c)" and ("x-y"):match("[^%w]") == "-" and ("aaa"):match("a-$") == "aaa")
  assert(("key = v"):match("^(%w+)%s*=%s*(%w*)$") == "key" and ("\0x"):match("%z") == "\0")
end)

test("math constants [base.math.constants]", function()
  assert(math.pi > 3.14 and math.huge == 1 / 0 and math.mininteger == -9223372036854775807 - 1 and math.maxinteger == 9223372036854775807)
end)

test("math functions of both ages [base.math.functions]", function()
  assert(math.abs(-2) == 2 and math.min(3, 1) == 1 and math.max(1, 3) == 3 and math.floor(1.7) == 1 and math.ceil(1.2) == 2)
  local whole, rest = math.modf(2.25)
  assert(whole == 2 and rest == 0.25 and math.fmod(7, 3) == 1 and math.sqrt(9) == 3 and math.pow(2, 3) == 8)
  assert(math.exp(0) == 1 and math.log(1) == 0 and math.log10(100) == 2 and math.sin(0) == 0 and math.cos(0) == 1 and math.tan(0) == 0)
  assert(math.asin(0) == 0 and math.acos(1) == 0 and math.atan(0) == 0 and math.abs(math.atan2(1, 1) - math.pi / 4) < 1e-12)
  assert(math.sinh(0) == 0 and math.cosh(0) == 1 and math.tanh(0) == 0 and math.deg(math.pi) == 180 and math.rad(180) == math.pi)
end)

test("random numbers stay in their interval [base.math.random]", function()
  math.randomseed(42)
  local first = math.random(1000000)
  math.randomseed(42)
  assert(math.random(1000000) == first)
  for _ = 1, 200 do
    local f, d, r = math.random(), math.random(6), math.random(-3, 3)
    assert(f >= 0 and f < 1 and d >= 1 and d <= 6 and r >= -3 and r <= 3 and math.type(d) == "integer")
  end
  assert(not pcall(math.random, 0))
end)

test("integers and floats are subtypes [base.math.integer]", function()
  assert(math.tointeger(3.0) == 3 and math.tointeger(3.5) == nil and math.type(1) == "integer" and math.type(1.0) == "float")
  assert(math.type("1") == nil and math.ult(1, -1))
end)

test("integer arithmetic keeps integers [base.integers]", function()
  assert(math.type(7 // 2) == "integer" and math.type(7 / 2) == "float" and 3 | 4 == 7 and 1 << 4 == 16)
end)

test("coroutines: create, resume, yield, status, wrap, running [base.coroutine]", function()
  assert(coroutine.running() == nil)
  local co
  co = coroutine.create(function(a)
    assert(coroutine.running() == co and coroutine.status(co) == "running")
    local b = coroutine.yield(a + 1)
    return b * 2
  end)
  assert(coroutine.status(co) == "suspended")
  local ok, v = coroutine.resume(co, 1)
  assert(ok and v == 2)
  ok, v = coroutine.resume(co, 10)
  assert(ok and v == 20 and coroutine.status(co) == "dead")
  ok, v = coroutine.resume(co)
  assert(not ok and v == "cannot resume dead coroutine")
  local outer
  outer = coroutine.create(function()
    local inner = coroutine.create(function() return coroutine.status(outer) end)
    return select(2, coroutine.resume(inner))
  end)
  assert(select(2, coroutine.resume(outer)) == "normal")
  local next_value = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end)
  assert(next_value() == 1 and next_value() == 2 and next_value() == 3)
end)

test("names that reach outside are missing [base.removed]", function()
  for _, name in ipairs({ "load", "loadstring", "loadfile", "dofile", "collectgarbage", "rawlen", "io", "debug", "utf8", "package" }) do
    assert(_G[name] == nil, name)
  end
  for _, name in ipairs({ "execute", "exit", "remove", "rename", "tmpname" }) do assert(os[name] == nil, name) end
end)

test("require gives what is bound under the name [base.require]", function()
  assert(require("errors") == errors and require("string") == string and require("channel") == channel)
  local ok, message = pcall(require, "nothing.here")
  assert(not ok and tostring(message):find("module 'nothing.here' not found", 1, true), tostring(message))
end)

test("module tables are frozen, data tables are not [base.module-table-immutable]", function()
  assert(not pcall(function() channel.new = nil end))
  assert(not pcall(function() process.event.CANCEL = "x" end))
  assert(not pcall(rawset, errors, "NEW", 1))
  local options = process.get_options()
  options.extra = 1
  assert(options.extra == 1)
end)

test("Lua 5.3 syntax: integer division, goto, bit operators [base.lua53]", function()
  local n = 0
  for i = 1, 10 do
    if i % 2 == 0 then goto continue end
    n = n + i // 1
    ::continue::
  end
  assert(n == 25 and 7 // 2 == 3 and ~0 == -1 and 5 ~ 1 == 4)
end)
