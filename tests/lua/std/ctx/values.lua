-- modules: ctx, funcs, contract
local HOST = "case:host"

local function refused(kind, message, value, err)
  assert(value == nil and err:kind() == kind and err:retryable() == false, tostring(err))
  if message then assert(err:message() == message, err:message()) end
end

test("get reads what the caller was given [ctx.get]", function()
  local exec = funcs.new():with_context({ present = "yes", nested = { deep = { 1, 2 } }, off = false })
  local got = exec:call("case:reads", { "present", "nested", "off" })
  assert(got.present == "yes" and got.nested.deep[2] == 2 and got.off == false)
end)

test("a missing key is not found, an empty one invalid, neither retryable [ctx.get]", function()
  refused(errors.NOT_FOUND, "key not found: absent", ctx.get("absent"))
  refused(errors.INVALID, nil, ctx.get(""))
  assert(not pcall(ctx.get) and not pcall(ctx.get, {}))
end)

test("names that tables of the host have are no keys [ctx.get]", function()
  for _, name in ipairs({ "constructor", "toString", "__proto__", "hasOwnProperty" }) do
    refused(errors.NOT_FOUND, "key not found: " .. name, ctx.get(name))
  end
end)

test("all gives every value, and a table of the caller's own [ctx.all]", function()
  local none, err = ctx.all()
  assert(err == nil and next(none) == nil)
  local all = funcs.new():with_context({ a = "1", b = 2 }):call("case:reads_all_twice")
  assert(all.a == "1" and all.b == 2 and all.added == nil)
end)

test("values travel to callees, spawned processes and contract methods, also further ones [ctx.inherit]", function()
  local exec = funcs.new():with_context({ deep = "down", other = "o" })
  for _, how in ipairs({ "call", "async", "exec", "contract" }) do
    assert(exec:call("case:passes", how, HOST, "deep") == "down", how)
  end
end)

test("what a callee adds is seen below it only, and the nearest value wins [ctx.inherit]", function()
  local exec = funcs.new():with_context({ key = "outer", kept = "k" })
  local got = exec:call("case:overrides")
  assert(got.below == "inner" and got.kept_below == "k" and got.after == "outer")
  refused(errors.NOT_FOUND, nil, ctx.get("key"))
end)

test("processes and contracts take values of their own [ctx.inherit]", function()
  assert(process.with_context({ k = "process" }):exec("case:process", HOST, "k") == "process")
  local inst = contract.get("case:reader"):with_context({ k = "contract" }):open("case:reader_impl")
  assert(inst:read("k") == "contract")
end)
