local test = require("test")
local calc = require("calc")

local function define_tests()
  test.describe("arithmetic", function()
    local is_ready = false

    test.before_all(function() is_ready = true end)

    test.it("is prepared", function() test.is_true(is_ready) end)

    test.it("adds", function() test.eq(calc.add(2, 3), 5) end)

    test.it("does not divide by zero", function()
      local quotient, err = calc.div(1, 0)
      test.has_error(quotient, err)
      test.contains(err, "by zero")
    end)

    test.it_skip("multiplies", function() test.fail("not written") end)
  end)
end

return {run = test.run_cases(define_tests)}
