return function()
  local count = 0
  for round = 1, 20 do
    local parts = {}
    for i = 1, 20000 do parts[#parts + 1] = ("item-%d:%s"):format(i, ("x"):rep(i % 10)) end
    local text = table.concat(parts, ",")
    for word in text:gmatch("item%-(%d+)") do count = count + #word end
    text = text:gsub("x+", "y"):upper()
    for i = 1, #text, 97 do count = count + text:byte(i) end
    if text:find("ITEM-19999:YYY", 1, true) then count = count + 1 end
  end
  return count
end
