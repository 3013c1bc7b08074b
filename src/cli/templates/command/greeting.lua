local greeting = {}

function greeting.to(name: string?): string
  if name == nil or name == "" then
    name = "stranger"
  end
  return "Hello, " .. name .. "!"
end

return greeting
