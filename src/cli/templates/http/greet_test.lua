local test = require("test")
local funcs = require("funcs")

local function define_tests()
  test.describe("greet", function()
    test.it("greets by name", function()
      local greeting, err = funcs.call("app:greet", {name = "Ada"})
      test.no_error(greeting, err)
      test.eq(greeting.message, "Hello, Ada!")
    end)

    test.it("greets the world without a name", function()
      local greeting = test.not_nil(funcs.call("app:greet"))
      test.eq(greeting.message, "Hello, world!")
    end)
  end)
end

return {run = test.run_cases(define_tests)}
