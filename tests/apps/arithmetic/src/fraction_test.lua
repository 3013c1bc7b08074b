local test = require("test")
local fraction = require("fraction")

return {
  run = test.run_cases(function()
    test.describe("fractions", function()
      local isPrepared, count = false, 0

      test.before_all(function() isPrepared = true end)
      test.before_each(function() count = count + 1 end)

      test.it("are prepared once, and before each", function()
        test.is_true(isPrepared)
        test.eq(count, 1)
      end)

      test.it("are added", function()
        test.eq(fraction.add(2, 3), 5)
        test.eq(count, 2)
      end)

      test.it("are not divided by zero", function()
        local result, err = fraction.divide(1, 0)
        test.has_error(result, err)
        test.contains(err, "by zero")
      end)

      test.it_skip("are simplified", function() test.fail("must not run") end)
    end)
  end),
}
