local fraction = {}

function fraction.add(a: integer, b: integer): integer
  return a + b
end

function fraction.divide(a: number, b: number): (number?, string?)
  if b == 0 then return nil, "can't divide by zero" end
  return a / b
end

return fraction
