-- Thousands per second of a rule, a pattern, a template, a parsed source, or code given at run time.
local env = { price = 30, quantity = 4, user = { role = "admin" } }
local rule = assert(expr.compile("price * quantity > 100 && user.role == 'admin'"))
local items = {}
for i = 1, 20 do items[i] = { name = "item " .. i, price = i } end
local source = ("func f(a int) string { return g(a, 1) }\n"):rep(20)

local line = ("a line of a log without what is looked for, "):rep(20) .. "from 10.20.30.40 on 2026-11-28, status=503"
local PATTERN = [[(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3}) on (\d{4}-\d{2}-\d{2})]]

local functions = {
  expression = function() return rule:run(env) end,
  lua = function() return env.price * env.quantity > 100 and env.user.role == "admin" end,
  regexp = function() return pattern:find_string_submatch(line) end,
  template = function() return views:render("list", { items = items }) end,
  parse = function() return treesitter.parse("go", source) end,
  eval = function() return eval_runner.run({ source = "return ... + 1", args = { 1 } }) end,
}

return {
  main = function(what, count)
    views = assert(templates.get("bench:views"))
    pattern = assert(text.regexp.compile(PATTERN))
    local fn = functions[what]
    for _ = 1, count // 10 do assert(fn()) end
    local started = time.now()
    for _ = 1, count do fn() end
    return count / 1000 / time.now():sub(started):seconds()
  end,
}
