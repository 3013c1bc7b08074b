-- modules: hash, fs

local TEXT = ("0123456789abcdef"):rep(50000) .. "end"

--- The file with TEXT in it, opened for reading.
local function opened()
  local vol = assert(fs.get("case:data"))
  assert(vol:writefile("/text", TEXT))
  return assert(vol:open("/text", "r"))
end

test("a file is digested in pieces, and stays open", function()
  for _, name in ipairs({ "md5", "sha1", "sha256", "sha512" }) do
    local file = opened()
    assert(hash[name](file) == hash[name](TEXT), name)
    assert(file:seek("set", 0) == 0)
    assert(hash[name](file, true) == hash[name](TEXT, true), name)
    assert(file:seek("set", 16) == 16)
    local keyed = "hmac_" .. name
    assert(hash[keyed](file, "key") == hash[keyed](TEXT:sub(17), "key"), keyed)
    assert(hash[keyed](file, "key", true) == hash[keyed]("", "key", true), "nothing is left")
    file:close()
  end
end)

test("fnv hashes of a file are those of its content [hash.fnv]", function()
  for _, name in ipairs({ "fnv32", "fnv64" }) do
    local file = opened()
    assert(hash[name](file) == hash[name](TEXT), name)
    assert(file:seek("set", 5) == 5)
    assert(hash[name](file) == hash[name](TEXT:sub(6)), name)
    assert(hash[name](file) == hash[name](""), "nothing is left")
    file:close()
  end
end)

test("a stream that can't be digested is reported", function()
  local none, err = hash.hmac_sha256(opened(), 5)
  assert(none == nil and err:kind() == errors.INVALID)
  local vol = assert(fs.get("case:data"))
  local file = assert(vol:open("/new", "w"))
  none, err = hash.sha256(file)
  assert(none == nil and err ~= nil)
  none, err = hash.fnv64(file)
  assert(none == nil and err ~= nil)
  file:close()
end)
