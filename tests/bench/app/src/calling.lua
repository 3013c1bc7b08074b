return {
  main = function()
    local started, n = time.now(), 0
    while true do n = n + started:unix() end
  end,
}
