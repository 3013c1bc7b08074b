-- modules: crypto, json, base64

local PRIVATE = [[
-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCpBloblGohaG7m
M8sYELKYHgeRHTRcTOGcU8tC1z68iEtFZm/1y/pXxbjNixFpVlO7ZfHGlnhSPWgB
rCOp4xwM0EFcK+sdUVWjne2BvmoDnTI6LZ3kGpXT9IANEzZ3i0yJRdIeZHNLOXjj
DXL6DEmyJSFob/E+xLZqP7NgfGmI4LKndCsgEtM4FrHQygogJPBvCTQurc5F7Vp2
kdwc8DHp7wNhrPtfQs2eAgMBikuC7TXd8BCjjCrz566Vzt3D6ZTp62eKlpTdKTiN
k6JxOEa43ogI3xODsVAv7wPQyq0jkoAjoyb90IGv5QtUaLwtF2p11rWIEtoCAwDC
NEGuazdlAgMBAAECggEAF3bkR3PhD+Y5jwedqCeZQ3jXwBN302Bw6YzQaOUMtouN
N4MzA8JfbJPsRcyKjD8JvLg4SkNVTMVtjN3izZDTsguvJyaJqzZBV0dzU1Gl0f6e
nGj8xE/UgOouZKJIK2xRIbVpqAJ15vmBiLOzRHc0O+DftGnl6brRQAq70iczV2bw
Yaukv/pfkRDvv2lwxoxr1btVO1DjxQCtDEkznlIxrPPCzrgOxpCwMCiXZUcK276F
aczwy+sJsmHi+tcfwO9xjOu9CVQlGKXODoNzQ+SgqLKoiMpnfypps39DO2Kc1YJU
Cx6zv+F1xpp3fs5lx9KX8iMUpVuRBXJbrz+o5TwZeQKBgQDUbRv4PAp+mvl/0aY8
gF/YRTv+a9TYefBYBtVFdZiuHFWFcsW4YV+YNL1HN5qImNjfKqhz2EybNBXa7gt2
SrBup/ePa9gehpe900KEz0qk5dNxnCxFqfYdGsMsyeqGifznhyTkJQd+v4Lr6qrh
m8RZmx1NrP/Fj9ZzyWrTb2cA7wKBgQDLsifYhaA7h8VwHZuqghQmym/ginSW3LCV
y+jvzvcrlhInl5hDpkfdilY/eoTG1OF9ILoPr4JCcTaxBmqyQ0bsZUH050devHV9
iFuIdoraHpXGBYSX5NH3i4yO3Nd6ZEIYUTsn0WEF3RLiF7Guf047jCJIRcSezOiX
9OwXuYBk6wKBgQCkneU16jlrwWcl8W60pfsgWw7R6/hmxaBGZw0xJZ9rFdQEdVvZ
tcPh7MTdgq6Duocd8i3WkEFVaPiizyQcyGaPaiUDhNxXU5AV77g1uXor7Vp9STxZ
xAtQpKOpetP+7MILHgSttDBpvbmUXyeLbC2uDvGXd0BCdmQHGIhrT4JwCwKBgH5O
pIKQqYEAeZ9B3MroChLbqG/1qsH5as4YOQKqtX2jevJuAA7CxwFKzJxkHn0keAYd
CwK68+y7QwyWTAbpzMq9Jx7zYsAN4FTM/uUpjIQgPwMhXMzLKJ91Ot1Dd6H/FTT6
+dGA9carBRCJXLY1Xo9yH7fs+zT1Hq1LRDKZ5lGtAoGAWUgGXmqEmCKAsiJDBG13
wDPMiW4ZscTnx58b7ZS19zSnzWhvOXjHFCRu5CRmf3GAh/dv3Rzttmy4Er1hOmuY
y+CVcKzR+Rcis5JEofH2CMrejta1ZS4sXpqdXx/Jr8CR+8yG2x8Pp/hs16Q/OHQb
Rr5dLyocp3NX8R5QHsktnmU=
-----END PRIVATE KEY-----
]]
local PUBLIC = [[
-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqQZaG5RqIWhu5jPLGBCy
mB4HkR00XEzhnFPLQtc+vIhLRWZv9cv6V8W4zYsRaVZTu2XxxpZ4Uj1oAawjqeMc
DNBBXCvrHVFVo53tgb5qA50yOi2d5BqV0/SADRM2d4tMiUXSHmRzSzl44w1y+gxJ
siUhaG/xPsS2aj+zYHxpiOCyp3QrIBLTOBax0MoKICTwbwk0Lq3ORe1adpHcHPAx
6e8DYaz7X0LNngIDAYpLgu013fAQo4wq8+eulc7dw+mU6etnipaU3Sk4jZOicThG
uN6ICN8Tg7FQL+8D0MqtI5KAI6Mm/dCBr+ULVGi8LRdqdda1iBLaAgMAwjRBrms3
ZQIDAQAB
-----END PUBLIC KEY-----
]]

local function parts(token)
  local header, claims = token:match("^([%w_-]+)%.([%w_-]+)%.[%w_-]+$")
  local function read(text)
    text = text:gsub("-", "+"):gsub("_", "/")
    return json.decode(assert(base64.decode(text .. ("="):rep(-#text % 4))))
  end
  return read(header), read(claims)
end

test("encode signs claims, HS256 by default [crypto.jwt.encode]", function()
  local token = assert(crypto.jwt.encode({ sub = "1234567890", name = "John Doe", iat = 1516239022 }, "secret"))
  local header, claims = parts(token)
  assert(header.alg == "HS256" and header.typ == "JWT")
  assert(claims.sub == "1234567890" and claims.iat == 1516239022)
  local custom = assert(crypto.jwt.encode({ a = 1, _header = { kid = "k1", alg = "none" } }, "secret", "HS512"))
  header, claims = parts(custom)
  assert(header.kid == "k1" and header.alg == "HS512" and claims._header == nil and claims.a == 1)
  assert(parts(assert(crypto.jwt.encode({}, "secret", "HS384"))).alg == "HS384")
  assert(parts(assert(crypto.jwt.encode({ big = 9007199254740993 }, PRIVATE, "RS256"))).alg == "RS256")
  for _, case in ipairs({ { {}, "" }, { {}, "k", "none" }, { {}, "k", "ES256" }, { {}, "no key", "RS256" } }) do
    local none, err = crypto.jwt.encode(case[1], case[2], case[3])
    assert(none == nil and err:kind() == errors.INVALID, case[3])
  end
  assert(not pcall(crypto.jwt.encode, "text", "key"))
end)

test("verify accepts what was signed with the same key and algorithm [crypto.jwt.verify]", function()
  local later = math.tointeger(os.time()) + 100
  for _, alg in ipairs({ "HS256", "HS384", "HS512" }) do
    local token = assert(crypto.jwt.encode({ sub = "u", exp = later, n = 9007199254740993 }, "secret", alg))
    local claims, err = crypto.jwt.verify(token, "secret", alg)
    assert(err == nil and claims.sub == "u" and claims.n == 9007199254740993)
    assert(crypto.jwt.verify(token, "other", alg) == nil)
  end
  local signed = assert(crypto.jwt.encode({ sub = "rsa", exp = later }, PRIVATE, "RS256"))
  assert(crypto.jwt.verify(signed, PUBLIC, "RS256").sub == "rsa")
  local known = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c"
  assert(crypto.jwt.verify(known, "your-256-bit-secret").name == "John Doe")
end)

test("verify refuses other algorithms, forgeries and what is no token", function()
  local token = assert(crypto.jwt.encode({ sub = "u" }, "secret"))
  local head, body, signature = token:match("^(.-)%.(.-)%.(.-)$")
  local none_header = base64.encode('{"alg":"none","typ":"JWT"}'):gsub("=", "")
  local bad = {
    "", "a.b", "a.b.c", "....", token .. "x", head .. "." .. body .. ".", none_header .. "." .. body .. ".",
    head .. "." .. body .. "A." .. signature, none_header .. "." .. body .. "." .. signature,
  }
  for _, text in ipairs(bad) do
    local claims, err = crypto.jwt.verify(text, "secret")
    assert(claims == nil and err:kind() == errors.INVALID and err:message() == "invalid token", text)
  end
  assert(crypto.jwt.verify(token, "secret", "HS512") == nil)
  local confused = assert(crypto.jwt.encode({ sub = "admin" }, PUBLIC, "HS256"))
  assert(crypto.jwt.verify(confused, PUBLIC, "RS256") == nil, "a public key is no secret")
end)

test("verify checks expiry unless told not to", function()
  local now = math.tointeger(os.time())
  local old = assert(crypto.jwt.encode({ exp = now - 10 }, "secret"))
  local claims, err = crypto.jwt.verify(old, "secret")
  assert(claims == nil and err:kind() == errors.INTERNAL and err:retryable() == false)
  assert(select(2, crypto.jwt.verify(old, "secret", "HS256", true)):kind() == errors.INTERNAL)
  assert(crypto.jwt.verify(old, "secret", "HS256", false).exp == now - 10)
  local early = assert(crypto.jwt.encode({ nbf = now + 100 }, "secret"))
  assert(select(2, crypto.jwt.verify(early, "secret")):kind() == errors.INTERNAL)
  assert(crypto.jwt.verify(assert(crypto.jwt.encode({ x = 1 }, "secret")), "secret").x == 1)
end)
