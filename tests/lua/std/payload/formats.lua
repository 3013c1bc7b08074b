-- modules: json, funcs

test("payload is there without require and has its formats [payload.global]", function()
  assert(type(payload.new) == "function")
  assert(require("payload") == payload)
end)

test("formats have their names [payload.format]", function()
  assert(payload.format.JSON == "json/plain" and payload.format.YAML == "yaml/plain")
  assert(payload.format.STRING == "text/plain" and payload.format.BYTES == "application/octet-stream")
  assert(payload.format.MSGPACK == "application/msgpack" and payload.format.LUA == "lua/any")
  assert(payload.format.GOLANG == "golang/any" and payload.format.ERROR == "golang/error")
end)

test("new wraps any value [payload.new]", function()
  for _, value in ipairs({ "text", 42, 42.5, true, { 1 } }) do
    local p = payload.new(value)
    assert(type(p) == "userdata" and p:data() == value)
  end
  local data, err = payload.new(nil):data()
  assert(data == nil and err == nil)
end)

test("plain values are lua/any, errors golang/error [payload.get_format]", function()
  assert(payload.new("x"):get_format() == "lua/any")
  assert(payload.new({}):get_format() == "lua/any")
  assert(payload.new(nil):get_format() == "lua/any")
  local p = payload.new(errors.new("failed"))
  assert(p:get_format() == "golang/error")
  assert(p:data():message() == "failed")
end)

test("data converts other formats to Lua values [payload.data]", function()
  local p = assert(payload.new({ items = { 1, 2, 3 }, total = 100, ratio = 2.0 }):transcode(payload.format.JSON))
  local data, err = p:data()
  assert(err == nil and data.total == 100 and data.items[3] == 3)
  local own = { 1 }
  assert(payload.new(own):data() == own, "a Lua value is handed back as it is")
end)

test("transcode goes between formats [payload.transcode]", function()
  local value = { name = "test", value = 123, list = { 1, "a", true }, wide = 9007199254740993, big = 2 ^ 40 }
  for _, format in ipairs({ payload.format.JSON, payload.format.YAML, payload.format.MSGPACK }) do
    local p, err = payload.new(value):transcode(format)
    assert(err == nil and p:get_format() == format)
    local back = p:unmarshal()
    assert(back.name == "test" and back.value == 123 and back.list[2] == "a" and back.list[3] == true, format)
    assert(back.wide == 9007199254740993 and math.type(back.wide) == "integer", format)
    assert(math.type(back.value) == "integer" and back.big == 2 ^ 40)
  end
  local text = assert(payload.new("hello"):transcode(payload.format.STRING))
  assert(text:data() == "hello" and text:get_format() == "text/plain")
  local bytes = assert(payload.new("\0\255"):transcode(payload.format.BYTES))
  assert(bytes:data() == "\0\255")
  local p = assert(payload.new({ a = 1 }):transcode(payload.format.JSON))
  assert(p:transcode(payload.format.YAML):unmarshal().a == 1)
  assert(p:transcode(payload.format.JSON):get_format() == payload.format.JSON)
end)

test("unmarshal always gives a Lua value [payload.unmarshal]", function()
  local own = { x = 1.0 }
  assert(payload.new(own):unmarshal() == own)
  assert(payload.new("[1,2]"):unmarshal() == "[1,2]", "text is not guessed at")
  assert(payload.new({ 1 }):transcode(payload.format.MSGPACK):unmarshal()[1] == 1)
end)

test("data and unmarshal agree, also for foreign formats [payload.data-vs-unmarshal]", function()
  local p = assert(payload.new({ a = { b = 2 } }):transcode(payload.format.YAML))
  assert(p:data().a.b == 2 and p:unmarshal().a.b == 2)
  local _, err = payload.new({}):transcode("no/such")
  assert(err:kind() == errors.INTERNAL and err:message() == "transcode failed")
end)

test("what can't be converted is an internal error [payload.errors]", function()
  local loop = {}
  loop.loop = loop
  for _, case in ipairs({
    { { 1, x = 2 }, payload.format.JSON }, { {}, payload.format.STRING }, { loop, payload.format.YAML }, { 5, payload.format.ERROR },
  }) do
    local value, err = payload.new(case[1]):transcode(case[2])
    assert(value == nil and err:kind() == errors.INTERNAL and err:message() == "transcode failed")
    assert(err:retryable() == false)
  end
end)

test("futures deliver a payload [payload.async]", function()
  local future = assert(funcs.async("case:answer", 20))
  local p, ok = future:response():receive()
  assert(ok and p:get_format() == "lua/any" and p:data() == 42)
end)
