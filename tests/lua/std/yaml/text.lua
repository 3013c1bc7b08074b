-- modules: yaml

test("encode writes tables as text [yaml.encode]", function()
  local text, err = yaml.encode({ name = "myapp" })
  assert(err == nil and text == "name: myapp\n")
  for _, bad in ipairs({ "text", 5, true }) do
    local none, invalid = yaml.encode(bad)
    assert(none == nil and invalid:kind() == errors.INVALID)
  end
end)

test("sequences become lists, nested tables nested maps [yaml.encode.shape]", function()
  assert(yaml.encode({ "apple", "banana" }) == "- apple\n- banana\n")
  local back = yaml.decode(yaml.encode({ http = { address = ":8080", ports = { 1, 2 } }, empty = {} }))
  assert(back.http.address == ":8080" and back.http.ports[2] == 2 and #back.empty == 0)
  local odd = { "yes", "null", "1.5", "- x", "a: b", "line\nbreak", " spaces ", "" }
  local again = yaml.decode(yaml.encode({ odd = odd }))
  for i, value in ipairs(odd) do assert(again.odd[i] == value, value) end
end)

test("field_order puts fields first [yaml.encode.field_order]", function()
  local text = yaml.encode({ zebra = 1, alpha = 2, name = "test", kind = "demo" }, {
    field_order = { "name", "kind" },
    sort_unordered = true,
  })
  assert(text == "name: test\nkind: demo\nalpha: 2\nzebra: 1\n")
end)

test("sort_unordered sorts the other fields [yaml.encode.sort_unordered]", function()
  local text = yaml.encode({ zebra = 1, alpha = { z = 1, x = 2 }, name = "test" }, { sort_unordered = true })
  assert(text == "alpha:\n  x: 2\n  z: 1\nname: test\nzebra: 1\n")
end)

test("decode reads any document [yaml.decode]", function()
  local config = yaml.decode("server:\n  host: localhost\n  port: 8080\nfeatures:\n  - auth\n  - logging\n")
  assert(config.server.host == "localhost" and config.server.port == 8080 and #config.features == 2)
  assert(yaml.decode("- 1\n- 2")[2] == 2)
  assert(yaml.decode("just text") == "just text")
  assert(yaml.decode("true") == true)
  assert(yaml.decode("base: &b {a: 1}\nuse: *b\nmerged:\n  <<: *b\n  c: 2\n").merged.a == 1)
  assert(yaml.decode("1: one\n2: two")[1] == "one", "number keys stay numbers")
end)

test("scalars keep their types [yaml.decode.types]", function()
  local data = yaml.decode("count: 42\nratio: 3.14\nwhole: 3.0\nenabled: true\nnothing: null\nbig: 9007199254740993\ntext: '42'\n")
  assert(math.type(data.count) == "integer" and data.count == 42)
  assert(data.ratio == 3.14 and math.type(data.whole) == "float")
  assert(data.enabled == true and data.nothing == nil)
  assert(data.big == 9007199254740993 and math.type(data.big) == "integer")
  assert(data.text == "42")
end)

test("mistakes have their kinds and messages [yaml.messages]", function()
  local function failure(kind, fn, ...)
    local value, err = fn(...)
    assert(value == nil and err:kind() == kind and err:retryable() == false, err and err:message())
    return err:message()
  end
  assert(failure(errors.INVALID, yaml.encode, "x") == "table expected")
  assert(failure(errors.INVALID, yaml.decode, 5) == "string expected")
  assert(failure(errors.INVALID, yaml.decode, "") == "input cannot be empty")
  for _, bad in ipairs({ "a: [1", "a: b: c", "\"open", "a: 1\na: 2", "*missing", "\tx: 1" }) do
    failure(errors.INTERNAL, yaml.decode, bad)
  end
  failure(errors.INTERNAL, yaml.decode, string.rep("[", 2000) .. string.rep("]", 2000))
end)

test("a text made to explode is refused", function()
  local lines = { "a0: &a0 [x, x, x, x, x, x, x, x, x, x]" }
  for i = 1, 8 do
    lines[#lines + 1] = ("a%d: &a%d [%s]"):format(i, i, string.rep("*a" .. (i - 1), 10, ", "):gsub("%s+$", ""))
  end
  local value, err = yaml.decode(table.concat(lines, "\n"))
  assert(value == nil and err:kind() == errors.INTERNAL)
end)
