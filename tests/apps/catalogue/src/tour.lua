local io = require("io")
local registry = require("registry")
local funcs = require("funcs")

local function tools()
  local found = assert(registry.find({["meta.type"] = "tool"}))
  local titles = {}
  for _, tool in ipairs(found) do titles[#titles + 1] = tool.meta.title end
  table.sort(titles)
  io.print(assert(registry.current_version()):string() .. ": " .. table.concat(titles, ", "))
end

local function change(how)
  local changes = assert(registry.snapshot()):changes()
  how(changes)
  return changes:apply()
end

local function source(text: string): string
  return "return { say = function() return '" .. text .. "' end }"
end

local function main(): integer
  tools()
  local ruler = assert(registry.get("app:tool.ruler"))
  io.print(ruler.kind, ruler.data.length, ruler.meta["unit.name"])

  assert(change(function(changes)
    changes:create({
      id = "app:tool.level",
      kind = "registry.entry",
      meta = {type = "tool", title = "Level"},
      data = {}
    })
  end))
  tools()

  -- A function made while the system runs is callable at once, and changed at once.
  assert(change(function(changes)
    changes:create({
      id = "app:say",
      kind = "function.lua",
      meta = {},
      data = {source = source("first"), method = "say"},
    })
    changes:delete("app:tool.scale")
  end))
  tools()
  io.print(funcs.call("app:say"))
  local entry = assert(registry.get("app:say"))
  entry.data.source = source("second")
  assert(change(function(changes) changes:update(entry) end))
  io.print(funcs.call("app:say"))

  -- A change set that a kind refuses changes nothing.
  local version, err = change(function(changes)
    changes:delete("app:tool.level")
    changes:create({
      id = "app:bad",
      kind = "function.lua",
      meta = {},
      data = {source = "return (", method = "x"}
    })
  end)
  io.print(version, err ~= nil, registry.get("app:tool.level") ~= nil, registry.get("app:bad"))

  -- And back, in one step.
  local history = assert(registry.history())
  assert(registry.apply_version(assert(history:get_version(1))))
  tools()
  local _, call_err = funcs.call("app:say")
  io.print(call_err:kind())
  io.print(#assert(history:versions()))
  return 0
end

return {main = main}
