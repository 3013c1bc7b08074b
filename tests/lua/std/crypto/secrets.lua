-- modules: crypto

local function failure(kind, value, err)
  assert(value == nil and err:kind() == kind and err:retryable() == false, err and err:message())
  return err:message()
end

local function hex(text)
  return (text:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

test("random gives bytes, texts and identifiers [crypto.random]", function()
  assert(#crypto.random.bytes(32) == 32 and #crypto.random.bytes(1048576) == 1048576)
  assert(crypto.random.bytes(16) ~= crypto.random.bytes(16))
  local text = crypto.random.string(200)
  assert(#text == 200 and not text:find("%W"))
  local seen = {}
  for c in crypto.random.string(2000, "01a"):gmatch(".") do seen[c] = (seen[c] or 0) + 1 end
  assert(seen["0"] > 500 and seen["1"] > 500 and seen["a"] > 500 and not seen["b"])
  assert(crypto.random.string(5, "é") == ("é"):rep(5), "characters, not bytes")
  assert(crypto.random.uuid():match("^%x+%-%x+%-4%x+%-[89ab]%x+%-%x+$"))
  for _, bad in ipairs({ 0, -1, 1.5, 1048577 }) do
    failure(errors.INVALID, crypto.random.bytes(bad))
    failure(errors.INVALID, crypto.random.string(bad))
  end
end)

test("hmac takes the key first [crypto.hmac]", function()
  local key, data = "Jefe", "what do ya want for nothing?"
  assert(crypto.hmac.sha256(key, data) == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
  assert(crypto.hmac.sha512(key, data) == "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737")
  failure(errors.INVALID, crypto.hmac.sha256("", "x"))
end)

test("aes encrypts with three sizes of keys and authenticates [crypto.aes]", function()
  for _, size in ipairs({ 16, 24, 32 }) do
    local key = crypto.random.bytes(size)
    local sealed = assert(crypto.encrypt.aes("attack at dawn\0", key))
    assert(#sealed == 12 + 15 + 16 and sealed ~= crypto.encrypt.aes("attack at dawn\0", key), "nonces differ")
    assert(crypto.decrypt.aes(sealed, key) == "attack at dawn\0")
    assert(crypto.decrypt.aes(assert(crypto.encrypt.aes("", key)), key) == "")
    local bound = assert(crypto.encrypt.aes("x", key, "context"))
    assert(crypto.decrypt.aes(bound, key, "context") == "x")
    failure(errors.INTERNAL, crypto.decrypt.aes(bound, key, "other"))
    failure(errors.INTERNAL, crypto.decrypt.aes(bound, key))
    failure(errors.INTERNAL, crypto.decrypt.aes(sealed, crypto.random.bytes(size)))
    failure(errors.INTERNAL, crypto.decrypt.aes(sealed:sub(1, -2) .. string.char((sealed:byte(-1) + 1) % 256), key))
  end
  failure(errors.INVALID, crypto.encrypt.aes("x", "short"))
  failure(errors.INVALID, crypto.decrypt.aes("x", ("k"):rep(16)))
end)

test("chacha20 encrypts with 32 bytes of key [crypto.chacha]", function()
  local key = crypto.random.bytes(32)
  local sealed = assert(crypto.encrypt.chacha20("attack at dawn", key, "aad"))
  assert(#sealed == 12 + 14 + 16 and crypto.decrypt.chacha20(sealed, key, "aad") == "attack at dawn")
  failure(errors.INTERNAL, crypto.decrypt.chacha20(sealed, key, "other"))
  failure(errors.INTERNAL, crypto.decrypt.chacha20(sealed, crypto.random.bytes(32), "aad"))
  failure(errors.INVALID, crypto.encrypt.chacha20("x", ("k"):rep(16)))
end)

test("pbkdf2 derives keys [crypto.pbkdf2]", function()
  assert(hex(crypto.pbkdf2("password", "salt", 1, 32)) == "120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b")
  assert(hex(crypto.pbkdf2("password", "salt", 4096, 32, "sha256")) == "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a")
  assert(#crypto.pbkdf2("password", "salt", 10, 100, "sha512") == 100)
  failure(errors.INVALID, crypto.pbkdf2("p", "s", 10000001, 32))
end)

test("constant_time_compare compares [crypto.compare]", function()
  assert(crypto.constant_time_compare("abc", "abc") == true)
  assert(crypto.constant_time_compare("abc", "abd") == false and crypto.constant_time_compare("abc", "ab") == false)
  assert(crypto.constant_time_compare("", "") == true)
end)

test("mistakes have their messages [crypto.messages]", function()
  assert(failure(errors.INVALID, crypto.hmac.sha512("", "x")) == "key cannot be empty")
  assert(failure(errors.INVALID, crypto.encrypt.aes("x", "k")) == "key must be 16, 24, or 32 bytes")
  assert(failure(errors.INVALID, crypto.encrypt.chacha20("x", "k")) == "key must be 32 bytes")
  assert(failure(errors.INVALID, crypto.decrypt.aes("x", ("k"):rep(32))) == "encrypted data too short")
  assert(failure(errors.INVALID, crypto.random.string(5, "")) == "charset cannot be empty")
  assert(failure(errors.INVALID, crypto.random.bytes(0)) == "length must be a positive integer")
  assert(failure(errors.INVALID, crypto.pbkdf2("p", "s", 0, 32)) == "iterations must be positive")
  assert(failure(errors.INVALID, crypto.pbkdf2("p", "s", 1, 0)) == "key length must be positive")
  assert(failure(errors.INVALID, crypto.pbkdf2("", "s", 1, 1)) == "password cannot be empty")
  assert(failure(errors.INVALID, crypto.pbkdf2("p", "", 1, 1)) == "salt cannot be empty")
  assert(failure(errors.INVALID, crypto.pbkdf2("p", "s", 1, 1, "md5")) == "unsupported hash function: md5")
  assert(failure(errors.INVALID, crypto.jwt.verify("x", "k")) == "invalid token")
end)
