-- modules: registry, funcs, security
-- What a caller with an identity may see and change.

local function as(policy, what)
  local executor = funcs.new():with_actor(security.new_actor("somebody")):with_scope(security.new_scope({ assert(security.policy(policy)) }))
  local result, err = executor:call("case:probe", what)
  assert(err == nil, tostring(err))
  return result
end

test("an entry that may not be read is PermissionDenied [registry.permissions] [registry.get] [registry.errors]", function()
  local result = as("case:reader", "get")
  assert(result.entry == nil and result.kind == errors.PERMISSION_DENIED)
  assert(result.message == "not allowed to access entry: case:secret")
  assert(result.open.id == "case:open")
end)

test("lists leave out what may not be read [registry.find.permission] [registry.permissions]", function()
  local result = as("case:reader", "lists")
  assert(result.found == 1 and result.in_snapshot == 1)
  assert(result.entries == 2 and result.namespace == 2)
  assert(result.refused == "not allowed to access entry: case:secret")
  assert(as("case:writer", "lists").found == 2)
end)

test("changing needs registry.apply, going back registry.apply_version [registry.permissions] [changes.apply] [registry.apply_version] [changes.apply.errors]", function()
  local refused = as("case:reader", "apply")
  assert(refused.id == nil and refused.kind == errors.PERMISSION_DENIED)
  assert(refused.message == "not allowed to apply registry changes")
  refused = as("case:reader", "back")
  assert(refused.ok == nil and refused.kind == errors.PERMISSION_DENIED)
  assert(refused.message == "registry version change is not allowed")
  assert(as("case:writer", "apply").id > 0 and registry.get("made:p"))
  assert(as("case:writer", "back").ok == true and registry.get("made:p") == nil)
end)
