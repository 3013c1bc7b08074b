-- modules: io
test("every call outside a terminal host is unavailable [io.no-terminal]", function()
  local calls = {
    write = function() return io.write("x") end,
    print = function() return io.print("x") end,
    eprint = function() return io.eprint("x") end,
    read = function() return io.read(1) end,
    readline = function() return io.readline() end,
    raw = function() return io.raw(true) end,
    flush = function() return io.flush() end,
    args = function() return io.args() end,
  }
  for name, call in pairs(calls) do
    local value, err = call()
    assert(value == nil, name)
    assert(err:kind() == errors.UNAVAILABLE, name)
    assert(err:message() == "no terminal context", name)
    assert(err:retryable() == false, name)
  end
end)
