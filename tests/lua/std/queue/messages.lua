-- modules: queue, store, time

local function refused(kind, message, value, err)
  assert(value == nil, "expected a failure, got " .. tostring(value))
  assert(err:kind() == kind, "kind " .. err:kind() .. ": " .. err:message())
  if message then assert(err:message() == message, err:message()) end
end

--- Waits for the consumer's handler to leave something under `key`.
local function result(key)
  local out = store.get("case:results")
  for _ = 1, 2000 do
    local value = out:get(key)
    if value ~= nil then return value end
    time.sleep("1ms")
  end
  error("no result for " .. key)
end

local function attempts(key, count)
  local out = store.get("case:results")
  for _ = 1, 2000 do
    if out:get(key .. ":attempts") == count then return end
    time.sleep("1ms")
  end
  error(key .. " was tried " .. tostring(out:get(key .. ":attempts")) .. " times")
end

test("a message reaches its handler as it was, with id and headers [queue.publish] [queue.message] [queue.msg.methods] [queue.headers] [queue.handler.body] [queue.message.tostring]", function()
  local body = { action = "describe", key = "d1", whole = 2.0, list = { 1, 2 }, text = "ü\255" }
  assert(queue.publish("case:handled", body, { one = 1, flag = true, name = "x", dropped = {}, [5] = "no" }) == true)
  local got = result("d1")
  assert(got.id:match("^%x+%-%x+%-4%x+%-[89ab]%x+%-%x+$"), got.id)
  assert(got.one == 1 and got.headers.flag == true and got.headers.name == "x" and got.headers.dropped == nil)
  assert(got.missing == nil)
  assert(math.type(got.headers.timestamp) == "integer" and math.abs(got.headers.timestamp - os.time()) < 120)
  assert(math.type(got.body.whole) == "float" and got.body.list[2] == 2 and got.body.text == "ü\255")
  assert(got.text == "queue.Message{id=" .. got.id .. "}")
  assert(got.inner == got.id)
end)

test("bodies may be texts and numbers [queue.handler.body]", function()
  assert(queue.publish("case:handled", "plain text"))
  assert(result("plain text") == "done")
  assert(queue.publish("case:handled", 42))
  assert(result("42") == "done")
end)

test("a raised or returned error refuses the message, which comes again [queue.handler.result] [queue.nack.memory]", function()
  for _, action in ipairs({ "fail", "fail_returned" }) do
    assert(queue.publish("case:handled", { action = action, key = action }))
    assert(result(action) == "done")
    attempts(action, 3)
  end
end)

test("returning false acknowledges [queue.handler.result]", function()
  assert(queue.publish("case:handled", { action = "false", key = "f1" }))
  assert(result("f1") == "done")
  assert(queue.publish("case:handled", { action = "other", key = "f2" }))
  assert(result("f2") == "done")
  attempts("f1", 1)
end)

test("settling is single-shot and beats the result [queue.settle] [queue.msg.methods]", function()
  assert(queue.publish("case:handled", { action = "ack_then_fail", key = "s1" }))
  local got = result("s1")
  assert(got.ok == true and got.again == nil and got.kind == "Invalid")
  assert(got.message == "queue.Message already settled" and got.other == "queue.Message already settled")
  assert(queue.publish("case:handled", { action = "nack_then_return", key = "s2" }))
  assert(result("s2") == "done")
  attempts("s2", 3)
  attempts("s1", 1)
end)

test("a message is of no use once its handler has ended [queue.settle] [queue.message.tostring]", function()
  assert(queue.publish("case:remembered", "r1"))
  assert(result("r1") == "kept")
  assert(queue.publish("case:remembered", "r2"))
  local got = result("r2")
  assert(got.ok == nil and got.kind == "Invalid" and got.message == "queue.Message released")
  assert(got.text == "queue.Message{released}")
end)

test("publishing tells what is wrong [queue.publish.errors]", function()
  refused("Invalid", "queue ID required", queue.publish("", { a = 1 }))
  refused("Invalid", "queue ID required", queue.publish(nil, { a = 1 }))
  refused("Invalid", "message data required", queue.publish("case:plain"))
  refused("Invalid", "message data required", queue.publish("case:plain", nil))
  refused("Invalid", "message data cannot be empty", queue.publish("case:plain", {}))
  refused("Internal", nil, queue.publish("case:nothing", { a = 1 }))
  refused("Internal", nil, queue.publish("case:results", { a = 1 }))
end)

test("there is no message outside of a handler [queue.message] [queue.settle]", function()
  refused("Invalid", "no delivery found in context", queue.message())
end)

test("a queue tells how many messages wait [queue.info]", function()
  local before = assert(queue.info("case:plain")).message_count
  for i = 1, 3 do assert(queue.publish("case:plain", { i = i })) end
  local info = assert(queue.info("case:plain"))
  assert(info.message_count == before + 3 and info.ready == true)
  refused("Internal", nil, queue.info("case:nothing"))
end)

test("many messages are all handled [queue.worker]", function()
  for i = 1, 200 do assert(queue.publish("case:handled", { action = "count", key = "n" .. i })) end
  for i = 1, 200 do assert(result("n" .. i) == "done") end
end)
