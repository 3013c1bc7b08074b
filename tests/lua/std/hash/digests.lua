-- modules: hash

local function hex(text)
  return (text:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

test("digests are hexadecimal, or raw [hash.digest]", function()
  local expected = {
    md5 = "900150983cd24fb0d6963f7d28e17f72",
    sha1 = "a9993e364706816aba3e25717850c26c9cd0d89d",
    sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    sha512 = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
  }
  for name, digest in pairs(expected) do
    assert(hash[name]("abc") == digest, name)
    assert(hex(hash[name]("abc", true)) == digest and hash[name]("abc", false) == digest)
    for _, bad in ipairs({ 5, {}, true }) do
      local none, err = hash[name](bad)
      assert(none == nil and err:kind() == errors.INVALID)
    end
    assert(select(2, hash[name]()):kind() == errors.INVALID)
  end
  assert(hash.sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
  assert(hash.md5("\0\255") == hash.md5(string.char(0, 255)) and #hash.sha1(("x"):rep(100000)) == 40)
end)

test("keyed digests take the message first [hash.hmac]", function()
  local data, secret = "what do ya want for nothing?", "Jefe"
  assert(hash.hmac_md5(data, secret) == "750c783e6ab0b503eaa86e310a5db738")
  assert(hash.hmac_sha1(data, secret) == "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79")
  assert(hash.hmac_sha256(data, secret) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
  assert(#hash.hmac_sha512(data, secret) == 128)
  assert(hex(hash.hmac_sha1(data, secret, true)) == hash.hmac_sha1(data, secret))
  for _, call in ipairs({ { 5, "k" }, { "x", 5 }, { "x" } }) do
    local none, err = hash.hmac_sha256(call[1], call[2])
    assert(none == nil and err:kind() == errors.INVALID)
  end
end)

test("fnv hashes are integers [hash.fnv]", function()
  assert(hash.fnv32("") == 0x811c9dc5 and hash.fnv32("a") == 0xe40c292c and hash.fnv32("foobar") == 0xbf9cf968)
  assert(hash.fnv64("") == 0xcbf29ce484222325 and hash.fnv64("a") == 0xaf63dc4c8601ec8c and hash.fnv64("foobar") == 0x85944171f73967e8)
  assert(math.type(hash.fnv32("x")) == "integer" and math.type(hash.fnv64("x")) == "integer")
  assert(select(2, hash.fnv32(5)):kind() == errors.INVALID)
end)
