-- modules: doubles, funcs, time
-- imports: helper=case:helper

local captured = funcs

test("a function of a module is replaced for every source of the process", function()
  local original = doubles.set(doubles.find("funcs")[1], "call", function(target) return "double of " .. target end)
  assert(funcs.call("a:b") == "double of a:b")
  assert(captured.call("a:b") == "double of a:b")
  assert(helper.call("a:b") == "double of a:b")
  doubles.set(funcs, "call", original)
  assert(funcs.call("case:other") == "untouched")
end)

test("tables inside modules are copies too", function()
  local kept = doubles.set(process.registry, "lookup", function() return "nobody" end)
  assert(helper.lookup("x") == "nobody")
  doubles.set(process.registry, "lookup", kept)
  assert(helper.lookup("x") ~= "nobody")
end)

test("module tables stay read-only for everything else", function()
  assert(not pcall(function() funcs.call = 1 end))
  assert(not pcall(function() process.registry.lookup = 1 end))
  assert(not pcall(rawset, funcs, "call", 1))
  assert(rawget(_G, "funcs") == nil and next(_G) ~= nil)
end)

test("other processes keep what they had", function()
  local kept = doubles.set(time, "now", function() return 7 end)
  assert(time.now() == 7)
  assert(funcs.call("case:now") ~= 7)
  doubles.set(time, "now", kept)
end)

test("global tables of every source are found once", function()
  _G.notifier = { send = function() return 1 end }
  local found = doubles.find("notifier")
  assert(#found == 1 and found[1] == notifier)
  assert(#doubles.find("helper_state") == 1)
  assert(#doubles.find("string") == 1 and #doubles.find("nothing") == 0)
  doubles.set(notifier, "send", nil)
  assert(notifier.send == nil)
end)

test("what all processes share is refused", function()
  local shared = doubles.find("string")[1]
  doubles.set(shared, "shout", string.upper)
  assert(string.shout("a") == "A" and not pcall(function() return ("a"):shout() end))
  doubles.set(shared, "shout", nil)
  local ok, err = pcall(doubles.set, getmetatable, "x", 1)
  assert(not ok)
  ok, err = pcall(doubles.set, {}, nil, 1)
  assert(not ok and tostring(err):find("key expected", 1, true))
end)
