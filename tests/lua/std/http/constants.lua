-- modules: http

test("methods are named [http.const.method]", function()
  for _, name in ipairs({"GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"}) do
    assert(http.METHOD[name] == name, name)
  end
end)

local function check(names)
  for name, number in pairs(names) do assert(http.STATUS[name] == number, name) end
end

test("statuses of success have their numbers [http.const.status2]", function()
  check({OK = 200, CREATED = 201, ACCEPTED = 202, NO_CONTENT = 204, PARTIAL_CONTENT = 206})
end)

test("statuses of redirects have their numbers [http.const.status3]", function()
  check({
    MOVED_PERMANENTLY = 301, FOUND = 302, SEE_OTHER = 303, NOT_MODIFIED = 304,
    TEMPORARY_REDIRECT = 307, PERMANENT_REDIRECT = 308
  })
end)

test("statuses of refusals have their numbers [http.const.status4]", function()
  check({
    BAD_REQUEST = 400, UNAUTHORIZED = 401, PAYMENT_REQUIRED = 402, FORBIDDEN = 403, NOT_FOUND = 404,
    METHOD_NOT_ALLOWED = 405, NOT_ACCEPTABLE = 406, CONFLICT = 409, GONE = 410, UNPROCESSABLE = 422,
    TOO_MANY_REQUESTS = 429
  })
end)

test("statuses of failures have their numbers [http.const.status5]", function()
  check({
    INTERNAL_ERROR = 500, INTERNAL_SERVER_ERROR = 500, NOT_IMPLEMENTED = 501, BAD_GATEWAY = 502,
    SERVICE_UNAVAILABLE = 503, GATEWAY_TIMEOUT = 504, VERSION_NOT_SUPPORTED = 505
  })
end)

test("content types are named [http.const.content]", function()
  assert(http.CONTENT.JSON == "application/json")
  assert(http.CONTENT.FORM == "application/x-www-form-urlencoded")
  assert(http.CONTENT.MULTIPART == "multipart/form-data")
  assert(http.CONTENT.TEXT == "text/plain")
  assert(http.CONTENT.STREAM == "application/octet-stream")
end)

test("transfer modes are named [http.const.transfer]", function()
  assert(http.TRANSFER.CHUNKED == "chunked")
  assert(http.TRANSFER.SSE == "sse")
end)

test("error types are distinct texts [http.const.error]", function()
  local seen = {}
  for _, name in ipairs({"PARSE_FAILED", "INVALID_STATE", "WRITE_FAILED", "STREAM_ERROR"}) do
    local value = http.ERROR[name]
    assert(type(value) == "string" and not seen[value], name)
    seen[value] = true
  end
end)
