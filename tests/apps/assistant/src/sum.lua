local function sum(arguments)
  local total = 0
  for _, number in ipairs(arguments.numbers) do total = total + number end
  return {total = total}
end

return {sum = sum}
