-- modules: security, time, store, funcs

local function identity()
  return security.new_actor("user:1", { role = "user", nested = { a = { 1, 2 } } }),
    security.new_scope({ assert(security.policy("case:allow_all")) })
end

local function expect(kind, message, ...)
  local results = { ... }
  local err = results[select("#", ...)]
  assert(err and err:kind() == kind, err and err:kind() .. ": " .. err:message())
  assert(message == nil or err:message() == message, err:message())
end

test("token_store gives a store by id [security.token_store.get] [token.open]", function()
  local store, err = security.token_store("case:tokens")
  assert(store and err == nil)
  expect(errors.INTERNAL, nil, security.token_store("case:none"))
  expect(errors.INTERNAL, nil, security.token_store("case:data"))
  expect(errors.INVALID, "token store id is required", security.token_store(""))
end)

test("tokens are padded base64 for URLs, signed when there is a key [security.token_store.format] [token.format]", function()
  local plain = assert(security.token_store("case:plain"):create(identity()))
  assert(#plain == 44 and plain:match("^[%w_-]+=$"), plain)
  local signed = assert(security.token_store("case:tokens"):create(identity()))
  local token, signature = signed:match("^([%w_-]+=*)%.([%w_-]+=*)$")
  assert(#token == 44 and #signature == 44, signed)
  local short = assert(security.token_store("case:short"):create(identity()))
  assert(#short == 8, "4 bytes")
end)

test("create issues tokens that differ [security.token_store.create] [token.create]", function()
  local store = assert(security.token_store("case:tokens"))
  local actor, scope = identity()
  local seen = {}
  for _ = 1, 50 do
    local token = assert(store:create(actor, scope, { meta = { device = "mobile" } }))
    assert(not seen[token])
    seen[token] = true
  end
  assert(store:create(actor, scope, { expiration = "24h" }))
  assert(store:create(actor, scope, { expiration = 60000 }))
  for _, bad in ipairs({ "7d", "soon", "-1h", "0s", -5, 0, true }) do
    expect(errors.INVALID, "invalid expiration format", store:create(actor, scope, { expiration = bad }))
  end
  assert(not pcall(store.create, store, "user:1", scope))
  assert(not pcall(store.create, store, actor))
end)

test("validate rebuilds actor and scope [security.token_store.validate] [token.validate]", function()
  for _, id in ipairs({ "case:tokens", "case:plain" }) do
    local store = assert(security.token_store(id))
    local token = assert(store:create(identity()))
    local actor, scope, err = store:validate(token)
    assert(err == nil)
    assert(actor:id() == "user:1" and actor:meta().role == "user" and actor:meta().nested.a[2] == 2)
    assert(scope:contains("case:allow_all") and scope:evaluate(actor, "x", "y") == "allow")
    local bad = { "", "x", token .. "x", token:sub(2), "a.b", token:gsub("^.", function(c) return c == "A" and "B" or "A" end) }
    for i = 1, 6 do
      local none, nothing, failure = store:validate(bad[i])
      assert(none == nil and nothing == nil)
      assert(failure:kind() == errors.INTERNAL and failure:retryable() == false)
    end
  end
  local empty = assert(security.token_store("case:tokens"):create(security.new_actor("e"), security.new_scope()))
  local actor, scope = security.token_store("case:tokens"):validate(empty)
  assert(actor:id() == "e" and #scope:policies() == 0, "an empty scope stays a scope")
end)

test("expired tokens do not validate [token.expire]", function()
  local store = assert(security.token_store("case:tokens"))
  local actor, scope = identity()
  local token = assert(store:create(actor, scope, { expiration = "30ms" }))
  assert(store:validate(token))
  local deadline = time.now():add("5s")
  repeat
    time.sleep("10ms")
    local alive = store:validate(token)
  until alive == nil or time.now():after(deadline)
  expect(errors.INTERNAL, nil, store:validate(token))
end)

test("tokens of one store are unknown to another with another key", function()
  local token = assert(security.token_store("case:tokens"):create(identity()))
  expect(errors.INTERNAL, nil, security.token_store("case:other_key"):validate(token))
  expect(errors.INTERNAL, nil, security.token_store("case:plain"):validate(token))
end)

test("revoke ends a token [security.token_store.revoke] [token.revoke]", function()
  local store = assert(security.token_store("case:tokens"))
  local token = assert(store:create(identity()))
  assert(store:revoke(token) == true)
  expect(errors.INTERNAL, nil, store:validate(token))
  assert(store:revoke(token) == false)
  expect(errors.INTERNAL, nil, store:revoke("forged.signature"))
end)

test("a closed store is of no use [security.token_store.close] [token.open]", function()
  local store = assert(security.token_store("case:tokens"))
  local token = assert(store:create(identity()))
  assert(store:close() == true and store:close() == true)
  expect(errors.INTERNAL, "token store is closed", store:validate(token))
  expect(errors.INTERNAL, "token store is closed", store:revoke(token))
  expect(errors.INTERNAL, "token store is closed", store:create(identity()))
  assert(security.token_store("case:tokens"):validate(token), "others still have it open")
end)

test("the store itself never holds a token [security.token_store.kind]", function()
  local token = assert(security.token_store("case:plain"):create(identity()))
  local data = assert(store.get("case:data"))
  local page = assert(data:list({ prefix = "" }))
  assert(#page.items > 0)
  for _, item in ipairs(page.items) do assert(not item.key:find(token, 1, true), item.key) end
end)

test("token operations have messages when they are refused [security.messages]", function()
  local refused = assert(funcs.new():with_actor(security.new_actor("a"))
    :with_scope(security.new_scope({ assert(security.policy("case:allow_all")), assert(security.policy("case:deny_tokens")) }))
    :call("case:refused"))
  assert(refused.create == "Invalid: not allowed to create token")
  assert(refused.validate == "Invalid: not allowed to validate token")
  assert(refused.revoke == "Invalid: not allowed to revoke token")
end)
