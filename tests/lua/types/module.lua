-- imports: types=case:types, outer=case:outer
local shared = require("types")
type Config = shared.Config
type Job = {config: types.Config, steps: {shared.Step}}

test("a library exports types in its table [types.module.shared]", function()
  assert(shared.Config:is({host = "a"}) and select(2, shared.Config:is({})) == "host: expected string, got nil")
  assert(Config == shared.Config and Config:name() == "Config")
  local _, err = Job:is({config = {host = "a"}, steps = {{name = 1}}})
  assert(err == "steps[1].name: expected string, got number", err)
end)

test("a library exports the types of another [types.module.shared]", function()
  assert(outer.Config == shared.Config and outer.check({host = "b"}))
end)
