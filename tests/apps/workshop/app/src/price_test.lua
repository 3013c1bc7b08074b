local funcs = require("funcs")

local function define()
  t.describe("price", function()
    t.it("is that of every quarter that was begun", function()
      t.eq(assert(funcs.call("app:price", 50)), 6000)
      t.eq(assert(funcs.call("app:price", 20)), 3000)
    end)
  end)
end

return {run = t.run_cases(define)}
