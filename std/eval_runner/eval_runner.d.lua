--- Lua code given at run time, which sees only what it is given.
---
--- ```lua
--- local eval_runner = require("eval_runner")
---
--- -- The code sees json and nothing else of the application.
--- local total, err = eval_runner.run({
---   source = [[
---     local function sum(...)
---       local n = 0
---       for _, x in ipairs({ ... }) do n = n + x end
---       return n
---     end
---     return { sum = sum }
---   ]],
---   method = "sum",
---   args = { 1, 2, 3 },
---   modules = { "json" },
--- })
--- assert(err == nil and total == 6)
--- ```

--- A library that the code may require; `modules` are those that it may use beside those of the code.
type eval_runner.Import = {id: string, modules?: {string}}

--- What to run, and what it may see.
type eval_runner.Config = {
  --- The code.
  source: string,
  --- Function of the table that the code returns; without it the code itself runs.
  method?: string,
  --- Arguments of the function, or of the code itself as `...`.
  args?: {any},
  --- Modules that the code may require.
  modules?: {string},
  --- Registry entries that the code may require, by the name it requires them under.
  imports?: {[string]: string | eval_runner.Import},
  --- Values that the code reads with `ctx.get`.
  context?: {[string]: any},
  --- Module classes that are allowed beside the usual ones: process, storage, network.
  allow_classes?: {string},
  --- Tables that the code sees as globals, by name.
  custom_modules?: {[string]: {[any]: any}}
}

--- Code that was found to compile.
type eval_runner.Program = {
  --- Name of the function to call, "" for the code itself.
  method: (self: eval_runner.Program) -> string,
  --- Modules that the code may require.
  modules: (self: eval_runner.Program) -> {string},
}

--- Runs code and gives its result.
function eval_runner.run(config: eval_runner.Config): (any, error?)
--- Compiles code without running it.
function eval_runner.compile(source: string, method: string?, options: {modules?: {string}, allow_classes?: {string}}?): (eval_runner.Program?, error?)
