-- modules: system, funcs

local function is_count(value)
  return math.type(value) == "integer" and value >= 0
end

test("modules are listed with description and classes [system.modules]", function()
  local modules, err = system.modules()
  assert(err == nil)
  local by_name = {}
  for i, module in ipairs(modules) do
    assert(i == 1 or modules[i - 1].name < module.name, "in order of names")
    assert(#module.description > 0, module.name .. " has no description")
    by_name[module.name] = module
  end
  assert(by_name.channel and by_name.system and by_name.process)
  local classes = {}
  for _, class in ipairs(by_name.io.class) do classes[class] = true end
  assert(classes.io and classes.nondeterministic)
end)

test("memory figures are all there and plausible [system.memory.stats]", function()
  local stats = assert(system.memory.stats())
  for _, name in ipairs({
    "alloc", "total_alloc", "sys", "heap_alloc", "heap_sys", "heap_idle", "heap_in_use", "heap_released",
    "heap_objects", "stack_in_use", "stack_sys", "mspan_in_use", "mspan_sys", "num_gc", "next_gc",
  }) do
    assert(is_count(stats[name]), name .. " is " .. tostring(stats[name]))
  end
  assert(stats.alloc > 0 and stats.sys > 0 and stats.total_alloc > 0)
  assert(stats.heap_in_use + stats.heap_idle == stats.heap_sys)
  assert(stats.next_gc >= stats.alloc)
end)

test("allocated bytes grow with what is held [system.memory.limit]", function()
  local before = system.memory.allocated()
  local held = {}
  for i = 1, 200000 do held[i] = { i } end
  local after = system.memory.allocated()
  assert(#held == 200000)
  assert(after - before > 4 * 1024 * 1024, string.format("%d then %d", before, after))
  assert(is_count(system.memory.heap_objects()))
end)

test("the memory limit gives back the previous one [system.memory.limit]", function()
  local first = system.memory.get_limit()
  assert(system.memory.set_limit(1024 * 1024 * 1024) == first)
  assert(system.memory.get_limit() == 1024 * 1024 * 1024)
  assert(system.memory.set_limit(-1) == 1024 * 1024 * 1024)
  assert(system.memory.get_limit() == -1)
  system.memory.set_limit(first)
  for _, wrong in ipairs({ "x", 1.5, -2 }) do
    local value, err = system.memory.set_limit(wrong)
    assert(value == nil and err:kind() == errors.INVALID, tostring(wrong))
  end
  local value, err = system.memory.set_limit()
  assert(value == nil and err:kind() == errors.INVALID)
end)

test("garbage is collected on demand and its percentage can be set [system.gc]", function()
  local collections = system.memory.stats().num_gc
  assert(system.gc.collect() == true)
  assert(system.memory.stats().num_gc == collections + 1)
  local first = system.gc.get_percent()
  assert(first == 100)
  assert(system.gc.set_percent(200) == 100 and system.gc.get_percent() == 200)
  assert(system.gc.set_percent(first) == 200)
  local value, err = system.gc.set_percent("much")
  assert(value == nil and err:kind() == errors.INVALID and err:retryable() == false)
end)

test("runtime facts [system.runtime]", function()
  assert(system.runtime.goroutines() >= 1)
  local cpus = system.runtime.cpu_count()
  assert(is_count(cpus) and cpus >= 1)
  assert(system.runtime.max_procs() == cpus)
  assert(system.runtime.max_procs(cpus + 1) == cpus)
  assert(system.runtime.max_procs() == cpus + 1)
  assert(system.runtime.max_procs(cpus) == cpus + 1)
  for _, wrong in ipairs({ 0, -1, 1.5 }) do
    local value, err = system.runtime.max_procs(wrong)
    assert(value == nil and err:kind() == errors.INVALID, tostring(wrong))
  end
end)

test("facts of the operating system's process [system.process]", function()
  assert(is_count(system.process.pid()) and system.process.pid() > 0)
  assert(#system.process.hostname() > 0)
  assert(system.process.cwd():sub(1, 1) == "/" or system.process.cwd():find(":"))
end)

test("hosts are listed with their figures [system.hosts.list]", function()
  local pid = process.spawn("case:waits", "case:host")
  local hosts = system.hosts.list()
  local host
  for _, candidate in ipairs(hosts) do
    if candidate.id == "case:host" then host = candidate end
  end
  assert(host.workers >= 1 and host.processes >= 1)
  assert(host.executed >= 0 and host.stolen == 0 and is_count(host.queue_depth))
  process.terminate(pid)
end)

test("executed steps of a host add up over processes that ended [system.hosts.list]", function()
  local function executed()
    for _, host in ipairs(system.hosts.list()) do
      if host.id == "case:host" then return host.executed end
    end
  end
  local before = executed()
  assert(process.exec("case:returns", "case:host") == "done")
  assert(executed() > before)
end)

test("processes of a host are listed [system.hosts.processes]", function()
  local pid = process.spawn("case:waits", "case:host", process.pid())
  process.listen("ready"):receive()
  local found
  for _, candidate in ipairs(system.hosts.processes("case:host")) do
    if candidate.pid == pid then found = candidate end
  end
  assert(found.host == "case:host" and found.source == "case:waits")
  assert(found.steps >= 1 and found.parent == process.pid() and found.actor_id == nil)
  local now = os.time() * 1000000000
  assert(math.type(found.started_at) == "integer" and found.started_at > now - 120 * 1000000000)
  assert(found.stats.subscriptions == 1 and found.stats.threads >= 1 and found.stats.channels >= 1)
  process.terminate(pid)
  local value, err = system.hosts.processes("case:nowhere")
  assert(value == nil and err:kind() == errors.INTERNAL)
  value, err = system.hosts.processes("")
  assert(value == nil and err:kind() == errors.INVALID)
end)

test("process states have the documented names [system.hosts.state]", function()
  local known = { ready = true, running = true, blocked = true, idle = true, complete = true }
  local pid = process.spawn("case:waits", "case:host", process.pid())
  process.listen("ready"):receive()
  for _, candidate in ipairs(system.hosts.processes("case:host")) do
    assert(known[candidate.state], candidate.state)
    if candidate.pid == pid then assert(candidate.state == "idle", candidate.state) end
  end
  process.terminate(pid)
end)

test("the state of a service [system.supervisor]", function()
  local state = assert(system.supervisor.state("case:host"))
  assert(state.id == "case:host" and state.status == "running" and state.desired == "running")
  assert(state.retry_count == 0 and #state.details > 0)
  assert(math.type(state.last_update) == "integer" and math.type(state.started_at) == "integer")
  assert(state.started_at > 1000000000 * 1000000000, "in nanoseconds")
  local states = system.supervisor.states()
  local ids = {}
  for _, one in ipairs(states) do ids[one.id] = one.status end
  assert(ids["case:host"] == "running" and ids["case:stopped"] == "unknown")
  local value, err = system.supervisor.state("case:nowhere")
  assert(value == nil and err:kind() == errors.INTERNAL)
  value, err = system.supervisor.state()
  assert(value == nil and err:kind() == errors.INVALID)
end)

test("a service state has the documented fields [life.state-api]", function()
  local state = system.supervisor.state("case:host")
  local names = {}
  for name in pairs(state) do names[#names + 1] = name end
  table.sort(names)
  assert(table.concat(names, " ") == "desired details id last_update retry_count started_at status")
end)

test("one node alone answers for the cluster [system.cluster]", function()
  local id = system.node.id()
  assert(#id > 0)
  local _, err = system.node.addr()
  assert(err:kind() == errors.INTERNAL and err:message() == "cluster membership not available")
  assert(system.node.role() == "non-member")
  local members = system.cluster.members()
  assert(#members == 1 and members[1].id == id and members[1].is_local == true)
  assert(system.cluster.leader() == "" and system.cluster.size() == 0)
end)

test("what is not there says so [system.unavailable]", function()
  for _, name in ipairs({ "is_leader", "is_member", "role", "term", "commit_index", "stats" }) do
    local value, err = system.raft[name]()
    assert(value == nil and err:kind() == errors.INTERNAL and err:message() == "raft not available", name)
  end
  for _, name in ipairs({ "acquire", "release" }) do
    local value, err = system.lock[name]("orders")
    assert(value == nil and err:kind() == errors.INTERNAL, name)
    assert(err:message() == "lock service not available", name)
  end
end)
