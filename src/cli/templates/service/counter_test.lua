local test = require("test")
local time = require("time")

local NAME = "counter under test"

local function define_tests()
  test.describe("counter", function()
    local pid: string

    test.before_each(function()
      pid = test.not_nil(process.spawn("app:counter", "app:processes", NAME, "10ms"))
      while not process.registry.lookup(NAME) do time.sleep("5ms") end
    end)

    test.after_each(function()
      process.cancel(pid, "1s")
    end)

    test.it("answers with what it counted", function()
      local answers = process.listen("answer")
      local count
      repeat
        test.ok(process.send(pid, "ask", {reply_to = process.pid()}))
        count = answers:receive()
      until count > 0
      test.gte(count, 1)
    end)
  end)
end

return {run = test.run_cases(define_tests)}
