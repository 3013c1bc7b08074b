--- Expressions: formulas and rules kept as text, without the power of Lua. They always end, and can only look at what they are given.
---
--- ```lua
--- local expr = require("expr")
---
--- assert(expr.eval("price * (1 - discount)", { price = 200, discount = 0.25 }) == 150)
---
--- local rule = assert(expr.compile('user.role == "admin" || "edit" in user.rights'))
--- assert(rule:run({ user = { role = "guest", rights = { "view", "edit" } } }) == true)
--- ```

--- A compiled expression.
type expr.Program = {
  --- The value of the expression with `env` as its variables.
  run: (self: expr.Program, env: {[string]: any}?) -> (any, error?),
}

--- The value of an expression with `env` as its variables. Expressions used lately are kept compiled.
function expr.eval(expression: string, env: {[string]: any}?): (any, error?)
--- Compiles an expression for many uses. Variables that are not among those of `env`, when it is given, are mistakes.
function expr.compile(expression: string, env: {[string]: any}?): (expr.Program?, error?)
