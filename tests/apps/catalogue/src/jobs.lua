local count = 0

return {
  count = function()
    count = count + 1
    return count
  end,
  name = function() return "job" end,
}
