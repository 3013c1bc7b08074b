-- modules: funcs, contract, security, probe
local HOST = "case:host"

--- Everything that can be called or spawned from a function, each reporting its network.
local function seen_from(executor)
  return assert(executor:call("case:asks_everyone", HOST))
end

local function all_are(network, seen)
  for who, got in pairs(seen) do assert(got == network, ("%s: %q"):format(who, got)) end
end

test("without a choice there is no overlay [process.network-inheritance]", function()
  assert(probe.network() == "")
  all_are("", seen_from(funcs.new()))
end)

test("a chosen overlay flows to nested calls, contracts and spawns [process.network-inheritance]", function()
  all_are("case:proxy", seen_from(funcs.new():with_options({ network = "case:proxy" })))
  assert(probe.network() == "")
end)

test("a spawner chooses for its process and for all that it starts [process.network-inheritance] [process.with_options]", function()
  local spawner = process.with_options({ network = "case:proxy" })
  assert(spawner:exec("case:process", HOST) == "case:proxy")
  assert(spawner:exec("case:passes_on", HOST, HOST) == "case:proxy")
  assert(process.exec("case:process", HOST) == "")
end)

test("contracts choose for their methods [process.network-inheritance]", function()
  local options = { network = "case:proxy" }
  assert(contract.get("case:asking"):with_options(options):open("case:asking_impl"):ask() == "case:proxy")
  assert(contract.open("case:asking_impl", nil, options):ask() == "case:proxy")
end)

test("a descendant may choose another one, or none [process.network-inheritance]", function()
  local executor = funcs.new():with_options({ network = "case:proxy" })
  local got = executor:call("case:chooses", "case:other")
  assert(got.below == "case:other" and got.after == "case:proxy")
  got = executor:call("case:chooses", "")
  assert(got.below == "" and got.after == "case:proxy")
end)

test("only a choice is checked, not what was inherited [process.network-inheritance]", function()
  local scope = security.new_scope({ security.policy("case:all"), security.policy("case:no_choice") })
  local executor = funcs.new():with_options({ network = "case:proxy" })
    :with_actor(security.new_actor("guest", {})):with_scope(scope)
  all_are("case:proxy", seen_from(executor))
  local got = executor:call("case:tries_choices", HOST)
  for how, message in pairs(got) do assert(message == "not allowed: network case:other", how .. ": " .. message) end
  assert(got.funcs and got.process and got.contract and got.open)
end)
