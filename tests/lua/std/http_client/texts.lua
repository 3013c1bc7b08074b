-- modules: http_client

test("texts are encoded for queries and decoded again", function()
  for _, text in ipairs({ "", "plain", "a b+c%&=/", "ü", "\255\0\n" }) do
    assert(http_client.decode_uri(http_client.encode_uri(text)) == text)
  end
  assert(http_client.encode_uri("a b+c") == "a+b%2Bc")
end)

test("what can't be asked is refused before anything is sent", function()
  local none, err = http_client.get("nonsense")
  assert(none == nil and err:kind() == errors.INVALID and err:message() == "invalid URL: nonsense")
  none, err = http_client.request_batch({ "no table" })
  assert(none == nil and err:kind() == errors.INVALID)
end)

test("a server that is not there is an internal error that may be tried again", function()
  local none, err = http_client.get("http://127.0.0.1:1/")
  assert(none == nil and err:kind() == errors.INTERNAL and err:retryable() == true)
end)
