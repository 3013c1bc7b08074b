-- modules: archive, fs, funcs, security
-- What a caller with an identity may do.

local function as(policy, what)
  local executor = funcs.new():with_actor(security.new_actor("somebody")):with_scope(security.new_scope({ assert(security.policy(policy)) }))
  return assert(executor:call("case:probe", what))
end

test("reading needs archive.read, writing archive.write [security.action.archive]", function()
  archive.create(fs.get("case:data"), "b.zip"):close()
  for _, what in ipairs({ "open", "scan" }) do
    assert(as("case:reader", what).ok)
    local refused = as("case:writer", what)
    assert(not refused.ok and refused.kind == errors.PERMISSION_DENIED)
    assert(refused.message == "not allowed to read archives")
  end
  assert(as("case:writer", "create").ok)
  local refused = as("case:reader", "create")
  assert(not refused.ok and refused.kind == errors.PERMISSION_DENIED)
  assert(refused.message == "not allowed to write archives")
end)
