local function add(a: number, b: number): number
  return a + b
end

local function div(a: number, b: number): (number?, string?)
  if b == 0 then return nil, "division by zero" end
  return a / b
end

return {add = add, div = div}
