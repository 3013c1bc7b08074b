local function main(parent: string, steps: integer)
  local sum = 0
  for i = 1, steps do sum = sum + i % 7 end
  process.send(parent, "sum", sum)
end

return { main = main }
