-- modules: json

test("encode writes every plain value [json.encode]", function()
  assert(json.encode("hello") == '"hello"')
  assert(json.encode(true) == "true")
  assert(json.encode({ a = { b = { 1, "x", false } } }) == '{"a":{"b":[1,"x",false]}}')
  local text, err = json.encode({})
  assert(text == "[]" and err == nil)
end)

test("encode writes nil as null [json.encode.nil]", function()
  assert(json.encode(nil) == "null")
  assert(json.encode() == "null")
end)

test("encode writes sequences as arrays [json.encode.array]", function()
  assert(json.encode({ 1, 2, 3 }) == "[1,2,3]")
  local built = {}
  for i = 1, 100 do built[i] = i end
  local back = json.decode(json.encode(built))
  assert(#back == 100 and back[100] == 100)
  local holes = { 1, 2, 3 }
  holes[3] = nil
  assert(json.encode(holes) == "[1,2]")
  local backwards = {}
  backwards[3], backwards[2], backwards[1] = "c", "b", "a"
  assert(json.encode(backwards) == '["a","b","c"]')
end)

test("encode writes text keys as objects [json.encode.object]", function()
  assert(json.encode({ name = "Alice" }) == '{"name":"Alice"}')
  local back = json.decode(json.encode({ a = 1, b = { c = 2 } }))
  assert(back.a == 1 and back.b.c == 2)
  assert(json.encode({ ["1"] = "text key" }) == '{"1":"text key"}')
end)

test("encode tells empty objects from empty arrays [json.encode.empty]", function()
  assert(json.encode({}) == "[]")
  local emptied = { a = 1 }
  emptied.a = nil
  assert(json.encode(emptied) == "{}")
  local list = { 1 }
  table.remove(list)
  assert(json.encode(list) == "[]")
  assert(json.encode(json.decode("{}")) == "{}")
  assert(json.encode(json.decode("[]")) == "[]")
  assert(json.encode(json.decode('{"a":{},"b":[]}').a) == "{}")
end)

test("encode prints integers, short floats and null for what is no number [json.encode.number]", function()
  assert(json.encode(42) == "42")
  assert(json.encode(-7) == "-7")
  assert(json.encode(math.maxinteger) == "9223372036854775807")
  assert(json.encode(math.mininteger) == "-9223372036854775808")
  assert(json.encode(3.0) == "3")
  assert(json.encode(99.50) == "99.5")
  assert(json.encode(0.1) == "0.1")
  assert(json.encode(1e21) == "1e+21")
  assert(json.encode(1e-7) == "1e-7")
  assert(json.encode({ 1 / 0, -1 / 0, 0 / 0 }) == "[null,null,null]")
end)

test("encode refuses mixed keys [json.encode.mixed]", function()
  local text, err = json.encode({ 1, 2, name = "x" })
  assert(text == nil)
  assert(err:kind() == errors.INTERNAL and err:retryable() == false)
  assert(err:message() == "cannot encode mixed-key table: table has both numeric and non-numeric keys")
  local _, again = json.encode({ [10] = 1, x = 2 })
  assert(again:message() == err:message())
end)

test("encode refuses gaps [json.encode.sparse]", function()
  for _, sparse in ipairs({ { [1] = 1, [3] = 3 }, { [2] = 1 }, { 1, nil, 3 }, { [1000000] = 1 }, { [1.5] = 1 }, { [0] = 1 } }) do
    local text, err = json.encode(sparse)
    assert(text == nil)
    assert(err:kind() == errors.INTERNAL)
    assert(err:message() == "cannot encode sparse array: non-contiguous numeric keys found")
  end
end)

test("encode refuses tables inside themselves [json.encode.recursive]", function()
  local loop = { inner = {} }
  loop.inner.outer = loop
  local text, err = json.encode(loop)
  assert(text == nil and err:kind() == errors.INTERNAL)
  assert(err:message() == "cannot encode recursively nested tables to JSON")
  local shared = { 1 }
  assert(json.encode({ shared, shared }) == "[[1],[1]]", "a table twice is no recursion")
end)

test("encode takes 128 levels and no more [json.encode.depth]", function()
  local function nested(levels)
    local value = {}
    for _ = 2, levels do value = { value } end
    return value
  end
  assert(json.encode(nested(128)) == string.rep("[", 128) .. string.rep("]", 128))
  local text, err = json.encode(nested(129))
  assert(text == nil and err:kind() == errors.INTERNAL)
  assert(err:message() == "exceeded maximum nesting depth for JSON encoding")
end)

test("encode writes functions and handles as null, errors as their message [json.encode.other]", function()
  assert(json.encode({ print, coroutine.create(print), channel.new() }) == "[null,null,null]")
  assert(json.encode({ f = print }) == '{"f":null}')
  assert(json.encode(errors.new({ message = "went wrong", kind = errors.INVALID })) == '"went wrong"')
end)

test("encode escapes what JSON needs escaped", function()
  assert(json.encode('a"b\\c\n\t\1') == '"a\\"b\\\\c\\n\\t\\u0001"')
  assert(json.encode("é😀") == '"é😀"')
end)
