local test = require("test")
local greeting = require("greeting")

local function define_tests()
  test.describe("greeting", function()
    test.it("greets by name", function()
      test.eq(greeting.to("Ada"), "Hello, Ada!")
    end)

    test.it("greets a stranger without one", function()
      test.eq(greeting.to(""), "Hello, stranger!")
    end)
  end)
end

return {run = test.run_cases(define_tests)}
