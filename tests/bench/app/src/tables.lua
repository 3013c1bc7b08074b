return function()
  local total = 0
  for round = 1, 4 do
    local list, map = {}, {}
    for i = 1, 100000 do
      list[i] = { id = i, weight = i * 0.5 }
      map["k" .. (i % 1000)] = i
    end
    for _, item in ipairs(list) do total = total + item.weight end
    for _, v in pairs(map) do total = total + v end
    table.sort(list, function(a, b) return (a.id * 7919) % 100003 < (b.id * 7919) % 100003 end)
    total = total + list[1].id
  end
  return total
end
