-- modules: funcs
test("eleven kinds [errors.kinds]", function()
  for _, name in ipairs({ "UNKNOWN", "INVALID", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "TIMEOUT", "CANCELED", "UNAVAILABLE", "INTERNAL", "CONFLICT", "RATE_LIMITED" }) do
    assert(type(errors[name]) == "string", name)
  end
end)

test("kinds are Pascal-case strings [errors.kind-value]", function()
  assert(errors.NOT_FOUND == "NotFound" and errors.ALREADY_EXISTS == "AlreadyExists" and errors.INVALID == "Invalid")
  assert(errors.PERMISSION_DENIED == "PermissionDenied" and errors.UNAVAILABLE == "Unavailable" and errors.INTERNAL == "Internal")
  assert(errors.CANCELED == "Canceled" and errors.CONFLICT == "Conflict" and errors.TIMEOUT == "Timeout" and errors.RATE_LIMITED == "RateLimited")
end)

test("the unknown kind is empty [errors.kind-unknown]", function()
  assert(errors.UNKNOWN == "" and errors.new("x"):kind() == "")
end)

test("further kinds may be used [errors.kind-extra]", function()
  assert(errors.new({ message = "x", kind = "LimitExceeded" }):kind() == "LimitExceeded")
end)

test("an error from a text [errors.new.string]", function()
  local err = errors.new("m")
  assert(err:message() == "m" and err:kind() == errors.UNKNOWN and err:retryable() == nil and err:details() == nil)
end)

test("an error from a table [errors.new.table]", function()
  local err = errors.new({ message = "m", kind = errors.TIMEOUT, retryable = true, details = { a = 1 } })
  assert(err:message() == "m" and err:kind() == errors.TIMEOUT and err:retryable() == true and err:details().a == 1)
  local ok, raised = pcall(errors.new, { kind = errors.INVALID })
  assert(not ok and tostring(raised):find("message field is required"))
  ok, raised = pcall(errors.new, { message = 5 })
  assert(not ok and tostring(raised):find("message must be a string"))
  assert(errors.new({ message = "m", details = {} }):details() == nil)
end)

test("a second argument is ignored [errors.new.two-args]", function()
  local err = errors.new(errors.INVALID, "x")
  assert(err:message() == "Invalid" and err:kind() == "")
  assert(not pcall(errors.new, 5))
end)

test("wrap keeps the inner error and adds to its stack [errors.wrap]", function()
  local inner = errors.new({ message = "m", kind = errors.CONFLICT, retryable = true, details = { a = 1 } })
  local err = errors.wrap(inner, "while saving")
  assert(err:message() == "m" and tostring(err) == "m" and err:kind() == errors.CONFLICT and err:retryable() == true and err:details().a == 1)
  assert(err:stack():find("while saving", 1, true))
  assert(errors.wrap("text", "context"):message() == "text")
  assert(not pcall(errors.wrap, {}, "context"))
end)

test("is compares kinds and never raises [errors.is]", function()
  assert(errors.is(errors.new({ message = "m", kind = errors.INVALID }), errors.INVALID))
  assert(not errors.is(errors.new("m"), errors.INVALID) and errors.is("text", errors.INVALID) == false and errors.is(nil, "x") == false)
end)

test("the call stack has frames with source and line [errors.call_stack]", function()
  local function deeper() return errors.new("m") end
  local stack = errors.call_stack(deeper())
  assert(stack.thread and #stack.frames >= 1)
  local frame = stack.frames[1]
  assert(frame.source:find("case:", 1, true) and frame.line > 0 and frame.name and frame.level and frame.type)
  assert(errors.call_stack("text") == nil)
end)

test("methods of an error [errors.methods]", function()
  local err = errors.new({ message = "m", retryable = false })
  assert(err:message() == "m" and err:kind() == "" and err:retryable() == false and err:details() == nil)
  assert(err:stack():find("case:[%w%._]+:%d+ %("), err:stack())
end)

test("the text of an error is its message [errors.tostring]", function()
  assert(tostring(errors.new("m")) == "m")
end)

test("errors concatenate by their message [errors.concat]", function()
  local err = errors.new("m")
  assert("a" .. err == "am" and err .. "b" == "mb" and err .. err == "mm")
end)

test("details keep nested tables [errors.details]", function()
  local err = errors.new({ message = "m", details = { list = { 1, 2 }, map = { k = "v" } } })
  local _, back = funcs.call("case:fails_with_details")
  assert(err:details().list[2] == 2 and err:details().map.k == "v")
  assert(back:details().list[2] == 20 and back:details().map.k == "w")
end)

test("typical retryability is the author's [errors.retryable-typical]", function()
  assert(errors.new({ message = "m", kind = errors.UNAVAILABLE, retryable = true }):retryable() == true)
  assert(errors.new({ message = "m", kind = errors.INTERNAL }):retryable() == nil)
end)

test("an uncaught error reaches the caller as internal with a position [errors.crash]", function()
  local value, err = funcs.call("case:crashes")
  assert(value == nil and err:kind() == errors.INTERNAL and err:retryable() == nil)
  assert(err:message():find("^case:crashes:%d+: kaput$"), err:message())
end)

test("message, kind, flag, details and stack survive a call [errors.transport]", function()
  local _, err = funcs.call("case:fails_with_details")
  assert(err:message() == "deep" and err:kind() == errors.CONFLICT and err:retryable() == true)
  assert(err:stack():find("case:fails_with_details", 1, true))
end)

test("message, kind, flag, details and stack survive processes and messages [errors.transport]", function()
  local pid = process.spawn_monitored("case:process_fails", "case:host", process.pid())
  local ended = process.events():receive()
  assert(ended.kind == process.event.EXIT and ended.from == pid)
  local sent = process.listen("failure"):receive()
  for how, err in pairs({ exit = ended.result.error, message = sent.err }) do
    assert(err:message() == "deep" and err:kind() == errors.CONFLICT and err:retryable() == true, how)
    assert(err:details().list[2] == 20 and err:details().map.k == "w", how)
    assert(err:stack():find("case:process_fails", 1, true), how .. ": " .. tostring(err:stack()))
  end
end)

test("what was wrapped keeps its message and kind across a call [errors.transport]", function()
  local _, err = funcs.call("case:wraps")
  assert(err:kind() == errors.CONFLICT and err:retryable() == true and err:message():find("inner cause", 1, true), err:message())
end)
