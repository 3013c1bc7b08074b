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

-- The same slowly, from the definition: 24 bits are four letters.
local LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
local function slowly(text)
  local parts = {}
  for i = 1, #text, 3 do
    local a, b, c = text:byte(i, i + 2)
    local bits = a << 16 | (b or 0) << 8 | (c or 0)
    local group = ""
    for shift = 18, 0, -6 do
      local value = bits >> shift & 63
      group = group .. LETTERS:sub(value + 1, value + 1)
    end
    parts[#parts + 1] = c and group or b and group:sub(1, 3) .. "=" or group:sub(1, 2) .. "=="
  end
  return table.concat(parts)
end

test("texts of any length and any bytes come out as defined and come back [base64.encode] [base64.decode]", function()
  local all = {}
  for i = 0, 255 do all[#all + 1] = string.char(i) end
  local bytes = table.concat(all) .. table.concat(all):reverse()
  for length = 100, 300, 7 do
    for from = 1, 200, 67 do
      local text = bytes:sub(from, from + length - 1)
      local encoded = base64.encode(text)
      assert(encoded == slowly(text), length)
      assert(base64.decode(encoded) == text, length)
    end
  end
end)

test("any neighbours come out as they do in short texts, and come back [base64.encode] [base64.decode]", function()
  for first = 0, 255 do
    local groups = {}
    for second = 0, 255 do groups[second + 1] = string.char(first, second, first) end
    local text = table.concat(groups)
    local pieces = {}
    for i = 1, #text, 96 do pieces[#pieces + 1] = base64.encode(text:sub(i, i + 95)) end
    local encoded = base64.encode(text)
    assert(encoded == table.concat(pieces), first)
    assert(base64.decode(encoded) == text, first)
  end
end)

test("any byte that is no letter is found at its place, whatever stands beside it [base64.errors]", function()
  local encoded = base64.encode(("wippy"):rep(60))
  for byte = 0, 255 do
    local bad = string.char(byte)
    if not bad:find("[A-Za-z0-9+/=\r\n]") then
      for _, at in ipairs({ 33, 34, 63, 64 }) do
        for _, beside in ipairs({ "+", "/", "z", "A" }) do
          local value, err = base64.decode(encoded:sub(1, at - 1) .. bad .. beside .. encoded:sub(at + 2))
          assert(value == nil and err:message() == "illegal base64 data at input byte " .. at - 1, byte)
        end
      end
    elseif bad:find("[A-Za-z0-9+/]") then
      local text = encoded:sub(1, 32) .. bad:rep(64) .. encoded:sub(97)
      assert(base64.encode(assert(base64.decode(text))) == text, bad)
    end
  end
end)

test("lines of any length are joined [base64.decode]", function()
  local bytes = {}
  for i = 1, 1000 do bytes[i] = string.char(i * 91 % 256) end
  local text = table.concat(bytes)
  local encoded = base64.encode(text)
  for _, width in ipairs({ 1, 3, 31, 32, 33, 64, 76, 127, 128, 129, 500 }) do
    local lines = encoded:gsub(("."):rep(width), "%0\r\n")
    assert(base64.decode(lines) == text, width)
    assert(base64.decode("\n" .. lines .. "\r\r") == text, width)
  end
end)

test("an error names the place of the character, wherever that is [base64.errors]", function()
  local encoded = base64.encode(("wippy"):rep(60))
  for at = 1, #encoded do
    for _, bad in ipairs({ " ", "_", "-", "@", "[", "`", "{", ":", ",", ".", "*", "\0", "\127", "\128", "\171", "\255" }) do
      local value, err = base64.decode(encoded:sub(1, at - 1) .. bad .. encoded:sub(at + 1))
      assert(value == nil and err:kind() == errors.INVALID)
      assert(err:message() == "illegal base64 data at input byte " .. at - 1, err:message())
    end
  end
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
