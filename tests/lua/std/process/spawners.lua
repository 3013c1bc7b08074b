-- modules: ctx
local HOST = "case:host"

local function exit_of(events, pid)
  while true do
    local event = events:receive()
    if event.kind == process.event.EXIT and event.from == pid then return event end
  end
end

test("exec runs a process to its end [process.exec]", function()
  local value, err = process.exec("case:returns", HOST, { deep = 1 })
  assert(err == nil and value.deep == 1)
  value, err = process.exec("case:returns_error", HOST)
  assert(value == nil and err:kind() == errors.CONFLICT and err:retryable() == true)
end)

test("exec checks its arguments [process.exec.args]", function()
  local _, err = process.exec("case:returns")
  assert(err:message() == "exec requires id and host arguments" and err:kind() == errors.INVALID)
  _, err = process.exec("", HOST)
  assert(err:message() == "process ID required")
  _, err = process.exec("plain", HOST)
  assert(err:message() == "invalid process ID format (namespace:name required)")
  _, err = process.exec("case:returns", "")
  assert(err:message() == "host ID required")
end)

test("a caller that ends while it waits leaves the child running [process.exec.cancel]", function()
  local report = process.listen("still")
  local pid = process.spawn_monitored("case:execs_child", HOST, HOST, process.pid())
  local child = process.listen("child"):receive()
  process.terminate(pid)
  exit_of(process.events(), pid)
  assert(process.send(child, "answer", 1) == true)
  assert(report:receive() == "alive")
end)

test("with_context gives values to the child [process.with_context]", function()
  local value = process.with_context({ color = "red" }):exec("case:reads_context", HOST, "color")
  assert(value == "red")
end)

test("with_options yields a spawner [process.with_options]", function()
  local pid = process.with_options({ custom = 1 }):spawn_monitored("case:returns", HOST, 5)
  assert(exit_of(process.events(), pid).result.value == 5)
end)

test("spawners are immutable and chain [process.builder.chain]", function()
  local base = process.with_context({ a = "1" })
  local more = base:with_context({ b = "2" }):with_options({ x = 1 })
  assert(more:exec("case:reads_context", HOST, "a") == "1" and more:exec("case:reads_context", HOST, "b") == "2")
  local value = base:exec("case:reads_context", HOST, "b")
  assert(value == nil)
end)

test("spawners have every spawn function [process.builder.spawn]", function()
  process.set_options({ trap_links = true })
  local spawner = process.with_context({})
  for _, name in ipairs({ "spawn", "spawn_monitored", "spawn_linked", "spawn_linked_monitored" }) do
    assert(type(spawner[name](spawner, "case:returns", HOST, 1)) == "string", name)
  end
end)

test("spawners run to the end with exec [process.builder.exec]", function()
  assert(process.with_context({ k = "v" }):exec("case:reads_context", HOST, "k") == "v")
end)

test("with_name reuses the holder of the name [process.builder.with_name]", function()
  local spawner = process.with_context({}):with_name("case.singleton")
  local first = spawner:spawn("case:idle", HOST)
  local second = spawner:spawn("case:idle", HOST)
  assert(first == second and process.registry.lookup("case.singleton") == first)
  process.terminate(first)
end)

test("with_message queues messages before all others [process.builder.with_message]", function()
  local report = process.listen("first")
  local spawner = process.with_context({}):with_message("note", "one"):with_message("note", "two")
  local pid = spawner:spawn("case:echo_notes", HOST, process.pid())
  process.send(pid, "note", "three")
  assert(report:receive() == "one" and report:receive() == "two" and report:receive() == "three")
  assert(not pcall(spawner.with_message, spawner, "@x", 1) and not pcall(spawner.with_name, spawner, ""))
end)

test("context, over generations [process.spawn.security-context]", function()
  local value = process.with_context({ family = "name" }):exec("case:grandparent", HOST, HOST)
  assert(value == "name")
end)
