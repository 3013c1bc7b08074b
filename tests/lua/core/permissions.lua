-- modules: security, funcs, contract
local HOST = "case:host"

-- Runs `case:do` under an actor and a scope made of the named policies; gives what it returns.
local function under(policies, what, ...)
  local list = {}
  for i, name in ipairs(policies) do list[i] = security.policy("case:" .. name) end
  local exec = assert(funcs.new():with_actor(security.new_actor("ann", { team = "red" })))
  exec = assert(exec:with_scope(security.new_scope(list)))
  return exec:call("case:do", what, ...)
end

test("an allowed action is done, a denied one gives its message [perm.evaluate]", function()
  assert(under({ "allow_all" }, "call", "case:plain").value == "plain")
  local got = under({ "allow_do" }, "call", "case:plain")
  assert(got.value == nil and got.kind == errors.PERMISSION_DENIED and got.message == "not allowed: case:plain")
  got = under({ "allow_all", "deny_plain" }, "call", "case:plain")
  assert(got.message == "not allowed: case:plain", "any deny must win")
end)

test("denials of calls and their context [funcs.denied]", function()
  local got = under({ "allow_do" }, "context")
  assert(got.kind == errors.PERMISSION_DENIED and got.message == "not allowed to call functions with custom context", got.message)
  got = under({ "allow_do" }, "actor")
  assert(got.message == "not allowed to call functions with custom security context", got.message)
end)

test("without actor or scope everything is allowed unless strict [perm.incomplete]", function()
  assert(funcs.call("case:do", "call", "case:plain").value == "plain")
end)

test("an actor with an empty scope is denied everything [perm.empty-scope]", function()
  local exec = funcs.new():with_actor(security.new_actor("", {})):with_scope(security.new_scope({}))
  local _, err = exec:call("case:do", "pid")
  assert(err == nil, tostring(err))
  local got = exec:call("case:do", "call", "case:plain")
  assert(got.kind == errors.PERMISSION_DENIED)
end)

test("patterns may cover a namespace [perm.resource-prefix]", function()
  assert(under({ "allow_do", "allow_case_prefix" }, "call", "case:plain").value == "plain")
end)

test("a denied call runs nothing of the callee [perm.tool-calls]", function()
  local ran = process.listen("ran")
  under({ "allow_do" }, "call", "case:tells", process.pid())
  assert(channel.select({ ran:case_receive(), default = true }).default)
end)

test("actor and scope reach the callee [funcs.with_actor, funcs.with_scope]", function()
  local got = under({ "allow_all" }, "whoami")
  assert(got.actor == "ann" and got.team == "red" and got.scope == true)
  got = funcs.call("case:do", "whoami")
  assert(got.actor == nil and got.scope == false)
end)

test("contract methods run under the identity given [contract.security]", function()
  local c = contract.get("case:identity"):with_actor(security.new_actor("bob", {})):with_scope(security.new_scope({ security.policy("case:allow_all") }))
  assert(c:open("case:identity_impl"):whoami().actor == "bob")
end)

test("refused contract operations [contract.denied]", function()
  local cases = {
    { "contract_get", "not allowed to access contract: case:identity" },
    { "contract_open", "not allowed to open binding: case:identity_impl" },
    { "contract_find", "not allowed to list implementations: case:identity" },
    { "contract_call", "not allowed to call method: whoami", "allow_contract_open" },
  }
  for _, case in ipairs(cases) do
    local got = under({ "allow_do", case[3] }, case[1])
    assert(got.kind == errors.PERMISSION_DENIED and got.message == case[2], case[1] .. ": " .. tostring(got.message))
  end
end)

test("what a spawn needs [process.spawn.permissions]", function()
  local got = under({ "allow_do" }, "spawn", "spawn", HOST)
  assert(got.kind == errors.PERMISSION_DENIED and got.message == "not allowed to spawn process: case:idle_one", got.message)
  got = under({ "allow_do", "allow_spawn" }, "spawn", "spawn", HOST)
  assert(got.message == "not allowed to spawn on host: case:host", got.message)
  got = under({ "allow_do", "allow_spawn", "allow_host" }, "spawn", "spawn", HOST)
  assert(type(got.value) == "string", got.message)
  process.terminate(got.value)
  got = under({ "allow_do", "allow_spawn", "allow_host" }, "spawn", "spawn_monitored", HOST)
  assert(got.message == "not allowed to spawn monitored process: case:idle_one", got.message)
  got = under({ "allow_do", "allow_spawn", "allow_host" }, "spawn", "spawn_linked", HOST)
  assert(got.message == "not allowed to spawn linked process: case:idle_one", got.message)
end)

test("refused messages, signals and relations [process.send.denied]", function()
  local pid = process.spawn("case:idle_one", HOST)
  for _, action in ipairs({ "send", "terminate", "cancel", "monitor", "unmonitor", "link", "unlink" }) do
    local got = under({ "allow_do" }, "to", action, pid)
    assert(got.kind == errors.PERMISSION_DENIED and got.message == ("not allowed to %s: %s"):format(action, pid), tostring(got.message))
  end
  process.terminate(pid)
end)

test("spawners raise their refusals [process.builder.denied]", function()
  local got = under({ "allow_do" }, "with_context")
  assert(got.raised == "not allowed to spawn processes with custom context", tostring(got.raised))
  got = under({ "allow_do" }, "with_options")
  assert(got.raised == "not allowed to spawn processes with custom options", tostring(got.raised))
  got = under({ "allow_do", "allow_context" }, "spawner_actor")
  assert(got.raised == "not allowed to spawn processes with custom security context", tostring(got.raised))
  got = under({ "allow_do", "allow_context" }, "spawner_network")
  assert(got.raised == "not allowed: network case:overlay", tostring(got.raised))
end)

test("policies see the caller's pid [process.permission-attributes]", function()
  assert(type(under({ "allow_do", "allow_own_pid" }, "spawn", "spawn", HOST).message) == "string")
  assert(under({ "allow_do", "allow_by_pid" }, "call", "case:plain").value == "plain")
end)

test("identity is inherited over generations [process.spawn.security-context]", function()
  local policy = security.policy("case:allow_all")
  local spawner = process.with_context({}):with_actor(security.new_actor("gen", {})):with_scope(security.new_scope({ policy }))
  assert(spawner:exec("case:generation", HOST, HOST, 3) == "gen")
end)
