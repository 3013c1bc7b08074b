-- modules: logger

test("loggers make loggers and answer nothing", function()
  assert(select("#", logger:info("message", { a = 1 })) == 0)
  local child = logger:with({ a = 1 }):named("part")
  assert(type(child) == "userdata" and select("#", child:error("message")) == 0)
end)

test("what is no message, table or name is refused", function()
  assert(not pcall(logger.info, logger))
  assert(not pcall(logger.info, logger, "m", "no table"))
  assert(not pcall(logger.with, logger))
  local none, err = logger:named("")
  assert(none == nil and err:kind() == errors.INVALID and err:retryable() == false)
end)
