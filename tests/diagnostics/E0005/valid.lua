type Box = {value: {n: number}?}
local function read(box: Box?): number
  if box and box.value then return box.value.n end
  return 0
end
print(read(nil))
