-- modules: http

test("without a request there is neither request nor response [http.context] [http.request] [http.response]", function()
  for _, open in ipairs({http.request, http.response}) do
    local value, err = open()
    assert(value == nil)
    assert(err:kind() == errors.INTERNAL)
    assert(err:message() == "no HTTP request context found")
    assert(err:retryable() == false)
  end
end)

test("options do not help [http.context]", function()
  local value, err = http.request({timeout = 10, max_body = 10})
  assert(value == nil and err:kind() == errors.INTERNAL)
end)
