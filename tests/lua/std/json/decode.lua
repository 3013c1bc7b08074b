-- modules: json

test("decode reads values and counts arrays from one [json.decode]", function()
  local user, err = json.decode('{"name":"Bob","active":true,"tags":["a","b"]}')
  assert(err == nil)
  assert(user.name == "Bob" and user.active == true)
  assert(#user.tags == 2 and user.tags[1] == "a")
  assert(json.decode('"text"') == "text")
  assert(json.decode("false") == false)
  local items = json.decode("[10, 20, 30]")
  assert(items[1] == 10 and #items == 3)
end)

test("decode keeps integers and floats apart [json.decode.number]", function()
  assert(math.type(json.decode("3")) == "integer")
  assert(math.type(json.decode("3.0")) == "float")
  assert(math.type(json.decode("3e2")) == "float")
  assert(json.decode("9223372036854775807") == math.maxinteger)
  assert(json.decode("-9223372036854775808") == math.mininteger)
  assert(math.type(json.decode("9223372036854775808")) == "float")
end)

test("decode leaves null members out and makes null elements holes [json.decode.null]", function()
  local value = json.decode('{"a":null,"b":1}')
  assert(value.a == nil and next(value) == "b" and next(value, "b") == nil)
  local list = json.decode("[1,null,3]")
  assert(#list == 3 and list[2] == nil and list[3] == 3)
  assert(json.decode("null") == nil)
end)

test("decode takes 128 levels and no more [json.decode.depth]", function()
  assert(json.decode(string.rep("[", 128) .. string.rep("]", 128)))
  local value, err = json.decode(string.rep("[", 129) .. string.rep("]", 129))
  assert(value == nil and err:message() == "json: maximum nesting depth exceeded")
  local none, invalid = json.decode(42)
  assert(none == nil and invalid:kind() == errors.INVALID and invalid:message() == "string expected")
end)

test("decode of bad syntax is an internal error that is not retryable [json.decode.error-kind]", function()
  for _, text in ipairs({ "not valid json", "", "[1,", '{"a":}', "01", "[1] x" }) do
    local value, err = json.decode(text)
    assert(value == nil)
    assert(err:kind() == errors.INTERNAL)
    assert(err:retryable() == false)
  end
end)

test("decoded tables belong to the caller", function()
  local value = json.decode('{"list":[1,2]}')
  value.list[3] = 3
  value.more = { 1 }
  table.insert(value.list, 4)
  assert(#value.list == 4 and json.encode(value.list) == "[1,2,3,4]")
end)

test("large documents survive", function()
  local rows = {}
  for i = 1, 5000 do rows[i] = { id = i, name = "row " .. i, ratio = i / 7 } end
  local back = json.decode(json.encode({ rows = rows }))
  assert(#back.rows == 5000)
  assert(back.rows[4999].name == "row 4999" and back.rows[4999].ratio == 4999 / 7)
end)
