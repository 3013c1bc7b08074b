-- modules: base64

test("encode follows RFC 4648 with padding [base64.encode]", function()
  local cases = { [""] = "", f = "Zg==", fo = "Zm8=", foo = "Zm9v", foob = "Zm9vYg==", fooba = "Zm9vYmE=", foobar = "Zm9vYmFy" }
  for text, encoded in pairs(cases) do assert(base64.encode(text) == encoded, text) end
  assert(base64.encode("Hello, World!") == "SGVsbG8sIFdvcmxkIQ==")
  assert(base64.encode("\255\254\0") == "//4A")
end)

test("decode gives the bytes back [base64.decode]", function()
  for length = 0, 70 do
    local bytes = {}
    for i = 1, length do bytes[i] = string.char((i * 37 + length * 11) % 256) end
    local text = table.concat(bytes)
    assert(base64.decode(base64.encode(text)) == text, length)
  end
  assert(base64.decode("") == "")
  assert(base64.decode("Zm9v\r\nYmFy\n") == "foobar", "line ends are skipped")
end)

test("long texts are decoded by the same rules [base64.decode]", function()
  local bytes = {}
  for i = 1, 3000 do bytes[i] = string.char(i * 37 % 256) end
  local text = table.concat(bytes)
  local encoded = base64.encode(text)
  assert(#encoded == 4000 and base64.decode(encoded) == text)
  assert(base64.decode(encoded:sub(1, 76) .. "\r\n" .. encoded:sub(77)) == text, "line ends are skipped")
  local blank = encoded:sub(1, 76) .. "    " .. encoded:sub(77)
  local value, err = base64.decode(blank)
  assert(value == nil and tostring(err):find("input byte 76", 1, true), tostring(err))
  value, err = base64.decode(encoded:sub(1, 100) .. "____" .. encoded:sub(101))
  assert(value == nil and tostring(err):find("input byte 100", 1, true), tostring(err))
end)

test("what is no string or no base64 is Invalid [base64.errors]", function()
  for _, bad in ipairs({ "Zg", "Zg=", "Zg===", "Z", "Zm9v=", "Zm 9v", "Zm9_", "=", "Zg==Zg==" }) do
    local value, err = base64.decode(bad)
    assert(value == nil and err:kind() == errors.INVALID, bad)
  end
end)

test("arguments of another type say so [base64.messages]", function()
  for _, fn in ipairs({ base64.encode, base64.decode }) do
    for _, bad in ipairs({ 42, {}, true }) do
      local value, err = fn(bad)
      assert(value == nil and err:kind() == errors.INVALID and err:message() == "string expected")
    end
  end
end)
