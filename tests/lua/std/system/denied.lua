-- modules: system, security, funcs
test("reading and changing need permission [system.denied]", function()
  local nobody = security.new_actor("nobody", {})
  local empty = security.new_scope({})
  local executor = funcs.new():with_actor(nobody):with_scope(empty)
  local refusals = assert(executor:call("case:try_all"))
  local expected = {
    modules = "system.read on modules",
    stats = "system.read on memory",
    allocated = "system.read on memory",
    heap_objects = "system.read on memory",
    set_limit = "system.control on memory_limit",
    get_limit = "system.read on memory_limit",
    collect = "system.gc on gc",
    set_percent = "system.gc on gc_percent",
    get_percent = "system.read on gc_percent",
    goroutines = "system.read on goroutines",
    max_procs = "system.read on gomaxprocs",
    set_max_procs = "system.control on gomaxprocs",
    cpu_count = "system.read on cpu",
    pid = "system.read on pid",
    hostname = "system.read on hostname",
    cwd = "system.read on cwd",
    hosts = "system.read on hosts",
    processes = "system.read on hosts",
    state = "system.read on supervisor",
    states = "system.read on supervisor",
    node = "system.read on node",
    members = "system.read on cluster",
    leader = "system.read on raft",
    raft_stats = "system.read on raft_stats",
    exit = "system.exit",
  }
  for name, what in pairs(expected) do
    assert(refusals[name] == "Invalid: permission denied: " .. what, name .. ": " .. tostring(refusals[name]))
  end
  assert(refusals.lock == "PermissionDenied: permission denied: system.lock on orders", refusals.lock)
end)

test("a refused call is Invalid and not retryable [system.errors]", function()
  local executor = funcs.new():with_actor(security.new_actor("nobody", {})):with_scope(security.new_scope({}))
  local answer = assert(executor:call("case:try_one"))
  assert(answer.kind == "Invalid" and answer.retryable == false)
end)
