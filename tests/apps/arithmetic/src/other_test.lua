local test = require("test")

return {
  run = test.run_cases(function()
    test.describe("others", function()
      test.it("pass", function() test.ok(true) end)
    end)
  end),
}
