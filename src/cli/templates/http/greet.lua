local function greet(who: {name: string?}?): {message: string}
  local name = who and who.name or "world"
  return {message = "Hello, " .. name .. "!"}
end

return {greet = greet}
