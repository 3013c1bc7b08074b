-- modules: funcs, security, time
local HOST = "case:host"
local names = process.registry

local function idle()
  return assert(process.spawn("case:idle", HOST))
end

local function finish(pid)
  local watch = process.events()
  process.monitor(pid)
  process.terminate(pid)
  while true do
    local event = watch:receive()
    if event.kind == process.event.EXIT and event.from == pid then return end
  end
end

local function fails(kind, message, ok, err)
  assert(ok == nil, "succeeded")
  assert(err:kind() == kind and err:message() == message, err:kind() .. ": " .. err:message())
end

local function absent(name)
  fails(errors.NOT_FOUND, "name not registered", names.lookup(name))
end

test("scopes are numbers from local to strong [process.registry.scopes]", function()
  assert(names.LOCAL == 0 and names.EVENTUAL == 1 and names.CONSISTENT == 2 and names.STRONG == 3)
end)

test("a name stands for the caller by default, and again is the same [process.registry.register] [name.register]", function()
  local ok, err = names.register("r.self")
  assert(ok == true and err == nil)
  assert(names.lookup("r.self") == process.pid())
  assert(names.register("r.self") == true)
  assert(names.register("r.self", process.pid(), names.LOCAL) == true)
  assert(names.unregister("r.self") == true)
end)

test("a name may be used wherever a destination is expected [process.registry.register]", function()
  names.register("r.me")
  local ch = process.listen("to.name")
  assert(process.send("r.me", "to.name", "hello") == true)
  assert(ch:receive() == "hello")
  names.unregister("r.me")
  local pid = assert(process.spawn("case:ends_on_cancel", HOST))
  assert(names.register("r.child", pid) == true)
  assert(process.monitor("r.child"))
  assert(process.cancel("r.child", "please"))
  assert(process.events():receive().from == pid)
end)

test("bad arguments are invalid [process.registry.register.result]", function()
  fails(errors.INVALID, "invalid pid", names.register("r.bad", "not a pid"))
  fails(errors.INVALID, "pid must be a string", names.register("r.bad", 5))
  fails(errors.INVALID, "name cannot be empty", names.register(""))
  absent("r.bad")
end)

test("a name held by another pid already exists, in every scope [process.registry.register.conflict]", function()
  local other = idle()
  for _, scope in ipairs({ names.LOCAL, names.EVENTUAL, names.CONSISTENT, names.STRONG }) do
    assert(names.register("r.taken", other, scope) == true)
    fails(errors.ALREADY_EXISTS, "name already registered", names.register("r.taken", process.pid(), scope))
    if scope ~= names.LOCAL then
      fails(errors.ALREADY_EXISTS, "name already registered", names.register("r.taken", process.pid()))
    end
    if scope == names.CONSISTENT or scope == names.STRONG then finish(other) other = idle()
    else assert(names.unregister("r.taken", scope) == true) end
    absent("r.taken")
  end
  finish(other)
end)

test("on one node a strong name is acknowledged at once", function()
  assert(names.register("r.strong", nil, names.STRONG) == true)
  assert(names.lookup("r.strong") == process.pid())
  assert(names.unregister("r.strong", names.STRONG) == true)
end)

test("on one node an eventual name has one holder from the start", function()
  local other = idle()
  assert(names.register("r.eventual", other, names.EVENTUAL) == true)
  fails(errors.ALREADY_EXISTS, "name already registered", names.register("r.eventual", nil, names.EVENTUAL))
  assert(names.unregister("r.eventual", names.EVENTUAL) == true)
  assert(names.register("r.eventual", nil, names.EVENTUAL) == true)
  assert(names.lookup("r.eventual") == process.pid())
  names.unregister("r.eventual", names.EVENTUAL)
  finish(other)
end)

test("looking up an unknown name is not found [process.registry.lookup] [name.lookup]", function()
  absent("r.unknown")
  fails(errors.INVALID, "name cannot be empty", names.lookup(""))
end)

test("a cluster name hides a local one, consistent before eventual [process.registry.resolution-order]", function()
  local a, b, c = idle(), idle(), idle()
  assert(names.register("r.layers", a, names.LOCAL))
  assert(names.lookup("r.layers") == a)
  assert(names.register("r.layers", b, names.EVENTUAL))
  assert(names.lookup("r.layers") == b)
  assert(names.register("r.layers", c, names.CONSISTENT))
  assert(names.lookup("r.layers") == c)
  finish(c)
  assert(names.lookup("r.layers") == b)
  assert(names.unregister("r.layers", names.EVENTUAL) == true)
  assert(names.lookup("r.layers") == a)
  finish(a)
  finish(b)
end)

test("unregister wants the scope of the name, and false is no error [process.registry.unregister]", function()
  local ok, err = names.unregister("r.nothing")
  assert(ok == false and err == nil)
  names.register("r.scoped", nil, names.CONSISTENT)
  assert(names.unregister("r.scoped") == false)
  assert(names.unregister("r.scoped", names.STRONG) == false)
  assert(names.lookup("r.scoped") == process.pid())
  assert(names.unregister("r.scoped", names.CONSISTENT) == true)
  absent("r.scoped")
end)

test("anyone frees a local name, only its owner a consistent or strong one [process.registry.unregister] [name.unregister]", function()
  local other = idle()
  names.register("r.others", other)
  assert(names.unregister("r.others") == true)
  for _, scope in ipairs({ names.CONSISTENT, names.STRONG }) do
    names.register("r.owned" .. scope, other, scope)
    local ok, err = names.unregister("r.owned" .. scope, scope)
    assert(ok == false and err == nil)
    assert(names.lookup("r.owned" .. scope) == other)
  end
  finish(other)
end)

test("names go with their process, eventual ones stay [process.registry.auto-release] [name.release]", function()
  local pid = idle()
  names.register("r.local", pid)
  names.register("r.consistent", pid, names.CONSISTENT)
  names.register("r.strong", pid, names.STRONG)
  names.register("r.stays", pid, names.EVENTUAL)
  finish(pid)
  absent("r.local")
  absent("r.consistent")
  absent("r.strong")
  assert(names.lookup("r.stays") == pid)
  fails(errors.NOT_FOUND, "process not found", process.send("r.stays", "t"))
  assert(names.unregister("r.stays", names.EVENTUAL) == true)
end)

test("the names of a function call go when it returns [process.registry.auto-release]", function()
  local pid = assert(funcs.call("case:registers", "r.call"))
  assert(pid:find("^{case:registers|"))
  absent("r.call")
end)

test("each scope has permissions of its own, another pid one more [process.registry.permissions] [process.registry.foreign] [process.registry.denied]", function()
  local function as(policies)
    return funcs.new():with_actor(security.new_actor("someone")):with_scope(security.new_scope(policies))
  end
  local got = assert(as(nil):call("case:tries_names", process.pid()))
  local function denied(key, message)
    assert(got[key].kind == errors.PERMISSION_DENIED, key)
    assert(got[key].message == message, got[key].message)
  end
  denied("register", "not allowed to register name: r.denied")
  denied("eventual", "not allowed to register name (eventual): r.denied")
  denied("consistent", "not allowed to register name (consistent): r.denied")
  denied("strong", "not allowed to register name (strong): r.denied")
  denied("unregister", "not allowed to unregister name: r.denied")
  denied("unregister_strong", "not allowed to unregister name (strong): r.denied")
  denied("foreign", "not allowed to register name: r.denied")
  got = assert(as({ assert(security.policy("case:own_names")) }):call("case:tries_names", process.pid()))
  assert(got.register == true and got.strong == true and got.unregister == true)
  denied("foreign", "not allowed to register foreign pid " .. process.pid() .. ' under name "r.denied"')
end)
