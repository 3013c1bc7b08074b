local function first(list: {string}?, name: string?): string
  print(name:upper())
--      ^^^^ E0005
  print(#list)
--       ^^^^ E0005
  return name .. "!"
--       ^^^^ E0005
end
return first
