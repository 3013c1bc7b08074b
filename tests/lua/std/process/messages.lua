local HOST = "case:host"

local function exit_of(events, pid)
  while true do
    local event = events:receive()
    if event.kind == process.event.EXIT and event.from == pid then return event end
  end
end

test("process is global [process.global]", function() assert(type(process.pid) == "function") end)

test("id is the registry id of the running entry [process.id]", function()
  assert(process.id() == "case:main", process.id())
  assert(process.exec("case:tells_id", HOST) == "case:tells_id")
end)

test("a pid is a text with host and hexadecimal number [process.pid]", function()
  local pid = process.spawn("case:idle", HOST)
  assert(pid:find("^{case:host|0x%x%x%x%x%x+}$"), pid)
  assert(type(process.pid()) == "string" and process.pid():find("^{case:.*|0x%x+}$"))
  process.terminate(pid)
end)

test("only a text in braces with a bar is a pid [process.pid.parse]", function()
  local _, err = process.send("no|braces", "t", 1)
  assert(err:kind() == errors.NOT_FOUND and err:message() == "could not resolve 'no|braces' as PID or registered name")
end)

test("send returns true and carries any number of values [process.send]", function()
  local ch = process.listen("many")
  assert(process.send(process.pid(), "many", 1, "b", { c = 3 }) == true)
  local got = ch:receive()
  assert(got[1] == 1 and got[2] == "b" and got[3].c == 3)
end)

test("topics that start with @ are refused [process.send.reserved-topic]", function()
  local ok, err = process.send(process.pid(), "@x", 1)
  assert(ok == nil and err:kind() == errors.INVALID and err:message() == "cannot send to @ topics")
  local ch
  ch, err = process.listen("@x")
  assert(ch == nil and err:kind() == errors.INVALID)
end)

test("an unregistered name is not found [process.send.unknown-name]", function()
  local ok, err = process.send("nobody.here", "t", 1)
  assert(ok == nil and err:kind() == errors.NOT_FOUND)
end)

test("missing arguments are invalid [process.send.missing-args]", function()
  local ok, err = process.send(process.pid())
  assert(ok == nil and err:kind() == errors.INVALID)
end)

test("texts of refused sends [process.send.errors]", function()
  local _, err = process.send("x")
  assert(err:message() == "send requires at least destination and topic arguments", err:message())
end)

test("sending to a finished process or unknown host is not found [process.send.dead]", function()
  local pid = process.spawn_monitored("case:returns", HOST, 1)
  exit_of(process.events(), pid)
  local ok, err = process.send(pid, "t", 1)
  assert(ok == nil and err:kind() == errors.NOT_FOUND and err:message() == "process not found")
  ok, err = process.send("{nowhere:host|0x00001}", "t", 1)
  assert(ok == nil and err:kind() == errors.NOT_FOUND and err:message() == "host not found")
end)

test("one sender's messages keep their order [process.send.semantics]", function()
  local pid = process.spawn("case:collect", HOST, 100)
  for i = 1, 100 do process.send(pid, "item", i) end
  local report = process.listen("report")
  process.send(pid, "report_to", process.pid())
  assert(report:receive() == "ordered")
end)

test("the inbox gets what has no listener, as messages [process.inbox]", function()
  local inbox, heard = process.inbox(), process.listen("heard")
  process.send(process.pid(), "heard", 1)
  process.send(process.pid(), "other", 2)
  local m = inbox:receive()
  assert(m:topic() == "other" and m:payload():data() == 2 and heard:receive() == 1)
end)

test("listen delivers values, or messages on request [process.listen]", function()
  local plain, wrapped = process.listen("plain"), process.listen("wrapped", { message = true })
  process.send(process.pid(), "plain", { a = 1 })
  process.send(process.pid(), "wrapped", { a = 2 })
  assert(plain:receive().a == 1)
  local m = wrapped:receive()
  assert(m:topic() == "wrapped" and m:payload():data().a == 2)
end)

test("what listen gives for none, one and several payloads [process.listen.values]", function()
  local ch = process.listen("counts")
  process.send(process.pid(), "counts")
  process.send(process.pid(), "counts", "one")
  process.send(process.pid(), "counts", "a", "b")
  local none, ok = ch:receive()
  assert(none == nil and ok == true and ch:receive() == "one" and ch:receive()[2] == "b")
end)

test("bad topics for listen [process.listen.errors]", function()
  local _, err = process.listen("")
  assert(err:kind() == errors.INVALID and err:message() == "topic cannot be empty")
  _, err = process.listen("@t")
  assert(err:message() == "cannot listen to @ topics")
end)

test("unlisten closes the channel and frees the topic [process.unlisten]", function()
  local ch = process.listen("brief")
  assert(process.unlisten(ch) == true)
  local v, ok = ch:receive()
  assert(v == nil and ok == false)
  process.send(process.pid(), "brief", 1)
  assert(process.inbox():receive():topic() == "brief")
  local done, err = process.unlisten(channel.new())
  assert(done == false and err ~= nil)
end)

test("subscribe attaches a channel of one's own [base.globals]", function()
  local ch = channel.new(1)
  assert(subscribe("sub", ch) == ch)
  process.send(process.pid(), "sub", "v")
  assert(ch:receive() == "v")
  local taken, err = subscribe("sub", channel.new())
  assert(taken == nil and err)
  assert(unsubscribe(ch) == true)
  local gone
  gone, err = unsubscribe(channel.new())
  assert(gone == false and err:message() == "channel not found")
end)

test("messages sent before anybody listens are kept in order [process.mailbox.retention]", function()
  for i = 1, 3 do process.send(process.pid(), "early", i) end
  process.send(process.pid(), "misc", "m")
  local ch = process.listen("early")
  assert(ch:receive() == 1 and ch:receive() == 2 and ch:receive() == 3)
  assert(process.inbox():receive():payload():data() == "m")
end)

test("a slow consumer gets every message [process.mailbox.slow]", function()
  local ch = process.listen("flood")
  for i = 1, 2000 do process.send(process.pid(), "flood", i) end
  for i = 1, 2000 do assert(ch:receive() == i) end
end)

test("topic of a message [message.topic]", function()
  process.send(process.pid(), "subject", 1)
  assert(process.inbox():receive():topic() == "subject")
end)

test("sender of a message [message.from]", function()
  process.send(process.pid(), "subject", 1)
  assert(process.inbox():receive():from() == process.pid())
end)

test("a message nobody sent has an empty sender [message.from]", function()
  local report = process.listen("senders")
  local pid = process.with_context({}):with_message("queued", 1):spawn("case:tells_senders", HOST, process.pid())
  process.send(pid, "sent", 2)
  local got = report:receive()
  assert(got.queued == "" and got.sent == process.pid(), got.queued)
end)

test("the inbox takes a message only when it is received, a listener holds one [process.mailbox.slow]", function()
  local inbox, topic = process.inbox(), process.listen("held")
  for i = 1, 3 do
    process.send(process.pid(), "free", i)
    process.send(process.pid(), "held", i)
  end
  for i = 1, 3 do
    assert(inbox:receive():payload():data() == i)
    assert(topic:receive() == i)
  end
  assert(channel.select({ inbox:case_receive(), topic:case_receive(), default = true }).default)
end)

test("payload of a message: nil, one, several [message.payload]", function()
  local inbox = process.inbox()
  process.send(process.pid(), "p")
  process.send(process.pid(), "p", 5)
  process.send(process.pid(), "p", 1, 2)
  assert(inbox:receive():payload() == nil)
  assert(inbox:receive():payload():data() == 5)
  local m = inbox:receive()
  assert(m:payload()[2]:data() == 2 and tostring(m) == "process.Message{topic=p}")
end)

test("a sent table is a copy [payload.copy]", function()
  local t = { inner = { 1 } }
  t.again = t.inner
  local ch = process.listen("copy")
  process.send(process.pid(), "copy", t)
  t.inner[1] = 2
  local got = ch:receive()
  assert(got.inner[1] == 1 and got.again == got.inner and got ~= t)
end)

test("kinds of process errors [process.errors]", function()
  local _, err = process.send("nobody", "t")
  assert(err:kind() == errors.NOT_FOUND)
  process.registry.register("case.taken", process.pid())
  local pid = process.spawn("case:idle", HOST)
  _, err = process.registry.register("case.taken", pid)
  assert(err:kind() == errors.ALREADY_EXISTS)
  process.terminate(pid)
end)
