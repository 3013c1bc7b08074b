-- modules: json

local user = {
  type = "object",
  properties = {
    name = { type = "string", minLength = 1 },
    email = { type = "string", format = "email" },
    age = { type = "integer", minimum = 0, maximum = 150 },
  },
  required = { "name", "email" },
}

test("validate accepts what fits a table or text schema [json.validate]", function()
  local ok, err = json.validate(user, { name = "Alice", email = "alice@example.com", age = 30 })
  assert(ok == true and err == nil)
  assert(json.validate('{"type":"number","minimum":0}', 42) == true)
  local bad, why = json.validate(user, { name = "", email = "not-an-email" })
  assert(bad == false)
  assert(why:kind() == errors.INVALID)
  assert(why:message():find("email", 1, true))
end)

test("validate_string checks a text without decoding it [json.validate_string]", function()
  local schema = {
    type = "object",
    properties = { action = { type = "string", enum = { "create", "update" } } },
    required = { "action" },
  }
  assert(json.validate_string(schema, '{"action":"create","data":{}}') == true)
  local ok, err = json.validate_string(schema, '{"action":"drop"}')
  assert(ok == false and err:kind() == errors.INVALID)
  local none, broken = json.validate_string(schema, "{")
  assert(none == nil and broken:kind() == errors.INTERNAL)
end)

test("schemas know types, ranges, lengths, formats, enums and required members [json.validate.keywords]", function()
  local function fits(schema, value) return json.validate(schema, value) end
  assert(fits({ type = "integer" }, 3) and not fits({ type = "integer" }, 3.5))
  assert(fits({ type = "number" }, 3.5) and not fits({ type = "number" }, "3"))
  assert(fits({ minimum = 2, maximum = 4 }, 3) and not fits({ minimum = 2, maximum = 4 }, 5))
  assert(fits({ minLength = 2 }, "ab") and not fits({ minLength = 2 }, "a"))
  assert(fits({ format = "email" }, "a@b.example") and not fits({ format = "email" }, "a"))
  assert(fits({ enum = { "a", 1 } }, 1) and not fits({ enum = { "a", 1 } }, 2))
  assert(not fits({ required = { "x" } }, { y = 1 }))
  assert(fits({ pattern = "^a+$" }, "aaa") and not fits({ pattern = "^a+$" }, "b"))
  assert(fits({ type = "array", items = { type = "string" } }, { "a" }))
  assert(fits({ type = "array" }, {}) and not fits({ type = "object" }, {}))
end)

test("a schema that is none is Invalid [json.validate.schema-error]", function()
  local ok, err = json.validate({ type = "no such type" }, 1)
  assert(not ok and err:kind() == errors.INVALID)
  local none, broken = json.validate("{", 1)
  assert(not none and broken:kind() == errors.INVALID)
end)

test("more schemas than the cache holds, with ids in common, stay right [json.validate.cache]", function()
  for round = 1, 2 do
    for i = 1, 130 do
      local schema = { ["$id"] = "https://example.com/same", type = "integer", minimum = i }
      assert(json.validate(schema, i) == true)
      assert(json.validate(schema, i - 1) == false)
    end
  end
end)

test("a pattern that would take forever elsewhere does not", function()
  assert(json.validate({ pattern = "^(a+)+$" }, string.rep("a", 5000) .. "b") == false)
end)
