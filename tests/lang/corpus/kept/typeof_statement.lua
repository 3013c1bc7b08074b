local t = {}
typeof {
  main = function() return t end,
}
typeof(t)
