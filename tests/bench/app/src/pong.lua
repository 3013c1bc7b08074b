return {
  main = function()
    local pings = process.listen("ping")
    while true do process.send(pings:receive(), "answer", 1) end
  end,
}
