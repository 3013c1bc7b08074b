-- modules: eval_runner, ctx

local runner = eval_runner

local function value(config)
  local result, err = runner.run(config)
  assert(err == nil, tostring(err))
  return result
end

local function failure(kind, config)
  local result, err = runner.run(config)
  assert(result == nil and err, "no error")
  assert(err:kind() == kind, err:kind() .. ": " .. err:message())
  return err:message()
end

test("run gives what the code returns [eval.run]", function()
  assert(value({ source = "return 1 + 1" }) == 2)
  assert(value({ source = "local t = {} for i = 1, 3 do t[i] = i * i end return t" })[3] == 9)
  assert(value({ source = "" .. "return" }) == nil)
  assert(value({ source = "-- only a comment\n" }) == nil)
  assert(value({ source = "type Point = {x: number}\nlocal p: Point = {x = 3}\nreturn p.x" }) == 3)
  assert(value({ source = "return math.type(...)", args = { 2.0 } }) == "float")
  for i = 1, 20 do assert(value({ source = "return ... * 2", args = { i } }) == i * 2) end
end)

test("method names a function of the returned table [eval.method]", function()
  local source = "local function double(x) return x * 2 end\nreturn { double = double, name = 'x' }"
  assert(value({ source = source, method = "double", args = { 21 } }) == 42)
  assert(failure(errors.INTERNAL, { source = source, method = "triple" }) == 'method "triple" not found')
  assert(failure(errors.INTERNAL, { source = source, method = "name" }) == 'method "name" not found')
  assert(failure(errors.INTERNAL, { source = "return 5", method = "main" }) == 'method "main" not found')
end)

test("args go to the method, or to the code itself [eval.args]", function()
  assert(value({ source = "local a, b = ... return a .. b", args = { "x", "y" } }) == "xy")
  assert(value({ source = "return select('#', ...)" }) == 0)
  assert(value({ source = "return { f = function(a, t) return a + t.n end }", method = "f", args = { 1, { n = 2 } } }) == 3)
end)

test("only listed modules can be required [eval.modules]", function()
  assert(value({ source = 'local json = require("json") return json.encode({hello = "world"})', modules = { "json" } }) == '{"hello":"world"}')
  assert(value({ source = "return json.encode(1)", modules = { "json" } }) == "1")
  for _, name in ipairs({ "json", "sql", "process", "eval_runner", "io" }) do
    assert(failure(errors.INTERNAL, { source = ('return require("%s")'):format(name) }):find("not found", 1, true), name)
  end
  assert(value({ source = "return process == nil and io == nil and json == nil and debug == nil" }) == true)
  assert(value({ source = "return type(channel) .. type(errors) .. type(payload) .. type(os)" }) == "tabletabletabletable")
end)

test("configuration is checked field by field [eval.config]", function()
  assert(failure(errors.INVALID, {}) == "source is required")
  assert(failure(errors.INVALID, { source = "" }) == "source is required")
  assert(failure(errors.INVALID, { source = 5 }) == "source is required")
  assert(failure(errors.INVALID, nil) == "config must be a table")
  local wrong = {
    method = 5, args = "x", modules = "json", imports = "x", context = 5, allow_classes = { 1 }, custom_modules = "x",
  }
  for field, bad in pairs(wrong) do
    local message = failure(errors.INVALID, { source = "return 1", [field] = bad })
    assert(message:find(field, 1, true), message)
  end
  assert(failure(errors.INVALID, { source = "return 1", imports = { x = 5 } }):find("imports.x", 1, true))
  assert(failure(errors.INVALID, { source = "return 1", imports = { x = { modules = {} } } }):find("imports.x", 1, true))
  assert(failure(errors.INVALID, { source = "return 1", allow_classes = { "magic" } }):find('unknown class "magic"', 1, true))
  assert(failure(errors.INVALID, { source = "return 1", args = { print } }):find("args[1]: a function", 1, true))
  assert(failure(errors.INVALID, { source = "return 1", custom_modules = { m = { f = print } } }):find("custom_modules.m.f", 1, true))
end)

test("imports are libraries of the registry [eval.imports]", function()
  local source = 'local utils = require("utils") return utils.format(...)'
  assert(value({ source = source, modules = { "json" }, imports = { utils = "case:utilities" }, args = { { key = "value" } } }) == '<{"key":"value"}>')
  local message = failure(errors.INTERNAL, { source = source, imports = { utils = "case:utilities" } })
  assert(message == 'failed to import "utils" (case:utilities): module "json" is not available to case:utilities', message)
  message = failure(errors.INTERNAL, { source = "return 1", imports = { x = "case:nothing" } })
  assert(message == 'failed to import "x" (case:nothing): case:nothing is not a Lua entry', message)
  message = failure(errors.INTERNAL, { source = "return 1", imports = { x = "case:failing" } })
  assert(message:find('failed to import "x" (case:failing): ', 1, true) and message:find("broken library", 1, true), message)
end)

test("a library may be granted modules that the code can't reach [eval.imports]", function()
  local imports = { pricing = { id = "case:pricing", modules = { "funcs" } } }
  assert(value({ source = 'return require("pricing").quote(...)', imports = imports, args = { 4 } }) == 50)
  assert(failure(errors.INTERNAL, { source = 'return require("funcs")', imports = imports }):find("not found", 1, true))
  assert(value({ source = "return funcs == nil", imports = imports }) == true)
  local both = { pricing = imports.pricing, inner = "case:inner" }
  assert(value({ source = "return inner.sees()", imports = both }) == false)
  assert(failure(errors.INTERNAL, { source = "return 1", imports = { pricing = "case:pricing" } }):find("failed to import", 1, true))
  local message = failure(errors.INTERNAL, { source = "return 1", imports = { pricing = { id = "case:pricing", modules = { "none" } } } })
  assert(message:find('module "none" is not available', 1, true))
end)

test("custom modules are globals [eval.custom_modules]", function()
  local sdk = { version = "1.0.0", nested = { list = { 1, 2 } } }
  assert(value({ source = "return sdk.version .. #sdk.nested.list", custom_modules = { sdk = sdk } }) == "1.0.02")
  assert(value({ source = 'return require("sdk").version', custom_modules = { sdk = sdk } }) == "1.0.0")
  assert(value({ source = "sdk.version = 2 return sdk.version", custom_modules = { sdk = sdk } }) == 2 and sdk.version == "1.0.0")
  assert(value({ source = "return sdk == nil" }) == true, "values of one run are gone in the next")
end)

test("context is read through ctx [eval.context]", function()
  assert(value({ source = 'return "Hello, " .. ctx.get("user")', context = { user = "Alice" } }) == "Hello, Alice")
  assert(value({ source = 'return ctx.get("list")[2].x', context = { list = { 1, { x = "y" } } } }) == "y")
  local missing, err = ctx.get("user")
  assert(missing == nil and err:kind() == errors.NOT_FOUND, "the caller's context stays")
end)

test("compile checks code without running it [eval.compile]", function()
  local program, err = runner.compile("return { process = function(x) return x * 2 end }", "process", { modules = { "json" } })
  assert(err == nil and program:method() == "process")
  local modules = program:modules()
  assert(#modules == 1 and modules[1] == "json")
  local bare = runner.compile("error('not run')")
  assert(bare:method() == "" and #bare:modules() == 0)
  local none, problem = runner.compile("return return")
  assert(none == nil and problem:kind() == errors.INTERNAL and problem:message():find("parse error", 1, true) == 1)
  assert(problem:message():find("eval:1", 1, true), problem:message())
  none, problem = runner.compile("")
  assert(none == nil and problem:kind() == errors.INVALID and problem:message() == "source is required")
  none, problem = runner.compile("return 1", "", { modules = { "sql" } })
  assert(none == nil and problem:message() == 'module "sql" has forbidden class "storage"')
end)

test("modules of forbidden classes need allow_classes [eval.classes] [eval.messages]", function()
  local forbidden = {
    process = "process", sql = "storage", store = "storage", fs = "storage", env = "storage", registry = "storage", cloudstorage = "storage",
    http = "network", http_client = "network", websocket = "network", system = "process", pg = "process", eval_runner = "process",
  }
  for name, class in pairs(forbidden) do
    local message = failure(errors.INTERNAL, { source = "return 1", modules = { name } })
    assert(message == ('module "%s" has forbidden class "%s"'):format(name, class), message)
  end
  assert(failure(errors.INTERNAL, { source = "return 1", modules = { "logger" } }):find("forbidden class", 1, true))
  assert(failure(errors.INTERNAL, { source = "return 1", modules = { "nothing" } }) == 'module "nothing" is not available')
  assert(value({ source = 'return type(require("registry").find)', modules = { "registry" }, allow_classes = { "storage" } }) == "function")
  assert(value({ source = "return type(process.pid())", modules = { "process" }, allow_classes = { "process" } }) == "string")
  local nested = { source = "local r, e = eval_runner.run({source = 'return 7'}) return r", modules = { "eval_runner" }, allow_classes = { "process" } }
  assert(value(nested) == 7)
end)

test("harmless modules are usable without more [eval.classes.effect]", function()
  for name in ("json yaml text base64 hash crypto uuid expr templates time os io tty ctx funcs contract workflow events queue metrics security"):gmatch("%S+") do
    assert(value({ source = ("return type(%s)"):format(name), modules = { name } }) == "table", name)
  end
end)

test("errors have their kinds [eval.errors] [eval.messages]", function()
  local message = failure(errors.INTERNAL, { source = "return (" })
  assert(message:find("parse error", 1, true) == 1, message)
  assert(failure(errors.INTERNAL, { source = "error('boom')" }):find("boom", 1, true))
  assert(failure(errors.INTERNAL, { source = "local x = nil return x.y" }):find("eval:1:", 1, true))
  assert(failure(errors.INTERNAL, { source = "\n\nerror('boom')" }):find("eval:3:", 1, true))
  assert(failure(errors.NOT_FOUND, { source = "return nil, errors.new({ message = 'gone', kind = errors.NOT_FOUND })" }) == "gone")
  assert(failure(errors.INTERNAL, { source = "end return function()" }):find("parse error", 1, true) == 1)
end)

test("code that would wait for messages fails [eval.idle] [eval.messages]", function()
  assert(failure(errors.INTERNAL, { source = "return channel.new():receive()" }) == "process became idle")
  local config = { modules = { "process" }, allow_classes = { "process" } }
  config.source = "return process.inbox():receive()"
  assert(failure(errors.INTERNAL, config) == "process became idle")
  config.source = "return process.listen('topic'):receive()"
  assert(failure(errors.INTERNAL, config) == "process became idle")
  assert(value({ source = "time.sleep('1ms') return 'slept'", modules = { "time" } }) == "slept")
  assert(value({ source = "return (time.after('1ms'):receive()) ~= nil", modules = { "time" } }) == true)
end)

test("code that never ends is stopped [eval.messages] [eval.errors]", function()
  assert(failure(errors.INTERNAL, { source = "while true do end" }) == "eval exceeded maximum step limit")
  local deep = "local f = ... local r, e = eval_runner.run({source = f, args = {f}, modules = {'eval_runner'}, allow_classes = {'process'}}) return r, e"
  local message = failure("LimitExceeded", { source = deep, args = { deep }, modules = { "eval_runner" }, allow_classes = { "process" } })
  assert(message == "evaluations are nested deeper than 16", message)
end)
