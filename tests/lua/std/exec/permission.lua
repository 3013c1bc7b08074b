-- modules: exec, funcs, security
-- What a caller with an identity may run.

local function as(policy, command)
  local executor = funcs.new():with_actor(security.new_actor("somebody")):with_scope(security.new_scope({ assert(security.policy(policy)) }))
  return assert(executor:call("case:probe", command))
end

test("acquiring needs exec.get, running exec.run on the command; refusals are Invalid [security.action.exec] [exec.errors] [svc.exec.get]", function()
  local refused = as("case:nothing", "true")
  assert(refused.kind == errors.INVALID and refused.message == "permission denied: access executor")
  refused = as("case:getter", "true")
  assert(refused.kind == errors.INVALID and refused.message == "permission denied: execute command")
  refused = as("case:runner", "false")
  assert(refused.kind == errors.INVALID and refused.message == "permission denied: execute command")
  assert(as("case:runner", "true").code == 0)
end)
