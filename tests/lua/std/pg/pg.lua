-- modules: pg, time, funcs, security, events
local HOST = "case:host"

local function open()
  local group, err = pg.open("case:scope")
  assert(group, err)
  return group
end

local function receive(ch)
  local timeout = time.after("5s")
  local r = channel.select({ ch:case_receive(), timeout:case_receive() })
  assert(r.channel == ch, "nothing arrived")
  return r.value, r.ok
end

--- Starts a process that joins `groups` and waits.
local function member(groups, scope)
  local ready = process.listen("joined")
  local pid = assert(process.spawn("case:member", HOST, process.pid(), groups, scope or "case:scope"))
  local from = receive(ready)
  process.unlisten(ready)
  assert(from == pid)
  return pid
end

local function finish(pid)
  local watch = process.events()
  assert(process.monitor(pid))
  process.terminate(pid)
  while true do
    local event = receive(watch)
    if event.kind == process.event.EXIT and event.from == pid then return end
  end
end

local function contains(list, item)
  for _, value in ipairs(list) do if value == item then return true end end
  return false
end

local function invalid(message, ok, err)
  assert(ok == nil, "refused")
  assert(err:kind() == errors.INVALID and err:message() == message, err:message())
end

test("an unknown scope is an internal error, a missing id invalid [pg.open] [pg.errors]", function()
  local group, err = pg.open("case:nowhere")
  assert(group == nil and err:kind() == errors.INTERNAL)
  group, err = pg.open("case:stopped")
  assert(group == nil and err:kind() == errors.INTERNAL)
  group, err = pg.open("")
  assert(group == nil and err:kind() == errors.INVALID)
  group, err = pg.open()
  assert(group == nil and err:kind() == errors.INVALID)
  assert(open())
end)

test("joining makes a group and lists the caller, several at once too [pg.join] [pg.members]", function()
  local group = open()
  assert(group:join("one") == true)
  assert(group:join({ "two", "three" }) == true)
  for _, name in ipairs({ "one", "two", "three" }) do
    local members = group:get_members(name)
    assert(#members == 1 and members[1] == process.pid())
    local here = group:get_local_members(name)
    assert(#here == 1 and here[1] == process.pid())
  end
  local none = assert(group:get_members("unknown"))
  assert(type(none) == "table" and #none == 0)
  assert(#group:get_local_members("unknown") == 0)
  assert(group:leave({ "one", "two", "three" }) == true)
end)

test("n joins take n leaves [pg.join] [pg.leave]", function()
  local group = open()
  group:join("twice")
  group:join("twice")
  assert(group:leave("twice") == true)
  assert(contains(group:get_members("twice"), process.pid()))
  assert(group:leave("twice") == true)
  assert(#group:get_members("twice") == 0)
  local ok, err = group:leave("twice")
  assert(ok == nil and err:kind() == errors.INVALID)
end)

test("leaving several works as far as it can, and fails in none [pg.leave] [pg.errors]", function()
  local group = open()
  group:join("left")
  assert(group:leave({ "left", "never" }) == true)
  assert(#group:get_members("left") == 0)
  local ok, err = group:leave({ "left", "never" })
  assert(ok == nil and err:kind() == errors.INVALID)
end)

test("groups are listed while they have members [pg.groups]", function()
  local group = open()
  assert(not contains(group:which_groups(), "listed"))
  group:join("listed")
  assert(contains(group:which_groups(), "listed"))
  assert(contains(group:which_local_groups(), "listed"))
  group:leave("listed")
  assert(not contains(group:which_groups(), "listed"))
  assert(not contains(group:which_local_groups(), "listed"))
end)

test("a process that ends leaves its groups [pg.join] [pg.members]", function()
  local group = open()
  local pid = member({ "mortal", "mortal" })
  assert(contains(group:get_members("mortal"), pid))
  finish(pid)
  assert(#group:get_members("mortal") == 0)
end)

test("a broadcast reaches every member once, from the caller, with any number of values [pg.broadcast]", function()
  local group = open()
  local a, b = member({ "crowd", "crowd" }), member({ "crowd" })
  local echo = process.listen("echo", { message = true })
  assert(group:broadcast("crowd", "task", { id = 42 }, "more") == true)
  assert(group:broadcast_local("crowd", "task") == true)
  local seen = {}
  for _ = 1, 4 do
    local message = receive(echo)
    local data = message:payload():data()
    seen[message:from()] = (seen[message:from()] or 0) + 1
    assert(data.from == process.pid())
    assert(data.count == 0 or (data.count == 2 and data.id == 42))
  end
  assert(seen[a] == 2 and seen[b] == 2)
  assert(group:broadcast("nobody", "task") == true)
  process.unlisten(echo)
  process.terminate(a)
  process.terminate(b)
end)

test("a broadcast needs group and topic [pg.broadcast] [pg.errors]", function()
  local group = open()
  local ok, err = group:broadcast("", "task")
  assert(ok == nil and err:kind() == errors.INVALID)
  ok, err = group:broadcast("crowd", "")
  assert(ok == nil and err:kind() == errors.INVALID)
  invalid("cannot send to @ topics", group:broadcast("crowd", "@task"))
  ok, err = group:broadcast_local("crowd")
  assert(ok == nil and err:kind() == errors.INVALID)
end)

test("a monitor gives the members at once and every change after [pg.monitor] [pg.event-fields]", function()
  local group = open()
  local first = member({ "watched" })
  local sub, members, err = group:monitor("watched")
  assert(err == nil and #members == 1 and members[1] == first)
  local ch = sub:channel()
  assert(ch == sub:channel())
  local second = member({ "watched", "watched", "elsewhere" })
  for _ = 1, 2 do
    local event = receive(ch)
    assert(event.system == "pg" and event.kind == "member.joined" and event.path == "watched")
    assert(event.data.Group == "watched" and #event.data.PIDs == 1 and event.data.PIDs[1] == second)
  end
  finish(second)
  local event = receive(ch)
  assert(event.kind == "member.left" and #event.data.PIDs == 2)
  assert(event.data.PIDs[1] == second and event.data.PIDs[2] == second)
  finish(first)
  event = receive(ch)
  assert(event.kind == "member.left" and #event.data.PIDs == 1 and event.data.PIDs[1] == first)
  sub:close()
end)

test("events watches every group of the scope [pg.events]", function()
  local group = open()
  local pid = member({ "first" })
  local sub, snapshot, err = group:events()
  assert(err == nil and #snapshot.first == 1 and snapshot.first[1] == pid)
  local other = member({ "second" })
  local event = receive(sub:channel())
  assert(event.kind == "member.joined" and event.path == "second" and event.data.PIDs[1] == other)
  finish(pid)
  event = receive(sub:channel())
  assert(event.kind == "member.left" and event.path == "first")
  sub:close()
  finish(other)
end)

test("more events than the channel holds wait, in order [pg.sub.channel] [cluster.pg.buffer]", function()
  local group = open()
  local sub = group:monitor("busy")
  for i = 1, 100 do group:join("busy") end
  for i = 1, 100 do group:leave("busy") end
  for i = 1, 200 do
    local event = receive(sub:channel())
    assert(event.kind == (i <= 100 and "member.joined" or "member.left"), i)
  end
  sub:close()
end)

test("closing ends a subscription, with flush after what is queued [pg.sub.close]", function()
  local group = open()
  local sub = group:monitor("closing")
  group:join("closing")
  group:leave("closing")
  assert(sub:close({ flush = true }) == true)
  group:join("closing")
  local ch = sub:channel()
  assert(receive(ch).kind == "member.joined")
  assert(receive(ch).kind == "member.left")
  local value, ok = ch:receive()
  assert(value == nil and ok == false)
  sub = group:monitor("closing")
  group:leave("closing")
  sub:close()
  value, ok = sub:channel():receive()
  assert(value == nil and ok == false)
end)

test("a released instance refuses everything, releasing again is fine [pg.release] [pg.messages] [cluster.pg.open]", function()
  local group = open()
  assert(group:release() == true)
  assert(group:release() == true)
  local text = "pg instance is released"
  invalid(text, group:join("x"))
  invalid(text, group:leave("x"))
  invalid(text, group:get_members("x"))
  invalid(text, group:get_local_members("x"))
  invalid(text, group:which_groups())
  invalid(text, group:which_local_groups())
  invalid(text, group:broadcast("x", "t"))
  invalid(text, group:broadcast_local("x", "t"))
  for _, method in ipairs({ "monitor", "events" }) do
    local sub, members, err = group[method](group, "x")
    assert(sub == nil and members == nil and err:kind() == errors.INVALID and err:message() == text)
  end
end)

test("missing and wrong names are invalid [pg.errors]", function()
  local group = open()
  for _, method in ipairs({ "join", "leave", "get_members", "get_local_members", "broadcast" }) do
    for _, argument in ipairs({ "", 5, false }) do
      local ok, err = group[method](group, argument)
      assert(ok == nil and err:kind() == errors.INVALID, method)
    end
    local ok, err = group[method](group)
    assert(ok == nil and err:kind() == errors.INVALID, method)
  end
  for _, names in ipairs({ {}, { "" }, { "a", 1 }, { a = "b" } }) do
    local ok, err = group:join(names)
    assert(ok == nil and err:kind() == errors.INVALID)
  end
  local sub, members, err = group:monitor("")
  assert(sub == nil and members == nil and err:kind() == errors.INVALID)
  assert(#group:get_members("a") == 0)
end)

test("policies are asked for each call [pg.permissions] [pg.messages]", function()
  local nobody = funcs.new():with_actor(security.new_actor("nobody")):with_scope(security.new_scope())
  local refused = assert(nobody:call("case:opens"))
  assert(refused.kind == errors.PERMISSION_DENIED)
  assert(refused.message == "not allowed to access pg scope: case:scope", refused.message)
  local opener = funcs.new():with_actor(security.new_actor("opener"))
    :with_scope(security.new_scope({ assert(security.policy("case:may_open")) }))
  local got = assert(opener:call("case:tries_pg"))
  local expected = {
    join = "not allowed to join group: g",
    leave = "not allowed to leave group: g",
    get_members = "not allowed to get members of group: g",
    get_local_members = "not allowed to get members of group: g",
    broadcast = "not allowed to broadcast to group: g",
    broadcast_local = "not allowed to broadcast to group: g",
    which_groups = "not allowed to list groups",
    which_local_groups = "not allowed to list groups",
    monitor = "not allowed to monitor group: g",
    events = "not allowed to subscribe to pg events",
  }
  for method, message in pairs(expected) do
    assert(got[method].kind == errors.PERMISSION_DENIED, method)
    assert(got[method].message == message, got[method].message)
  end
end)

test("scopes know nothing of each other [pg.scope-isolation]", function()
  local here, there = open(), assert(pg.open("case:other"))
  local sub = there:events()
  here:join("shared")
  assert(#there:get_members("shared") == 0)
  assert(not contains(there:which_groups(), "shared"))
  there:join("own")
  assert(receive(sub:channel()).path == "own")
  assert(not contains(here:which_groups(), "own"))
  here:leave("shared")
  there:leave("own")
  sub:close()
end)

test("the limits of a scope hold, counting every join [cluster.pg.scope.limits]", function()
  local small = assert(pg.open("case:small"))
  assert(small:join({ "a", "a" }))
  local ok, err = small:join("a")
  assert(ok == nil and tostring(err:kind()) == "LimitExceeded")
  ok, err = small:join({ "b", "c" })
  assert(ok == nil and tostring(err:kind()) == "LimitExceeded")
  assert(#small:which_groups() == 1)
  assert(small:join("b"))
  small:leave("a")
  assert(small:join("a"))
  small:leave({ "a", "a", "b" })
end)

test("objects print as what they are [pg.tostring]", function()
  local group = open()
  assert(tostring(group) == "pg.Instance{case:scope}")
  local sub = group:monitor("text")
  assert(tostring(sub) == "pg.Subscription{}")
  sub:close()
  group:release()
  assert(tostring(group) == "pg.Instance{case:scope, released}")
end)
