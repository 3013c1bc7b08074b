-- Words that are names elsewhere, labels, attributes.
local type, as, readonly = type, 1, { as = 2 }
for i = 1, 3 do
  if i == as then goto continue end
  local file <close>, limit <const> = nil, 5
  print(type(file), limit, readonly.as)
  ::continue::
end
