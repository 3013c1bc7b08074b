return {
  main = function()
    local res = http.response()
    res:write_json({ message = "hello world" })
  end,
}
