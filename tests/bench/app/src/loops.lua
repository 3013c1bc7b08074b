return function()
  local sum = 0
  for i = 1, 40000000 do
    if i % 3 == 0 then sum = sum + i else sum = sum - 1 end
  end
  local x, n = 1.0, 0
  while n < 10000000 do
    x = x * 1.0000001
    n = n + 1
  end
  return sum + x
end
