local greeting = require("greeting")

local function run(): boolean
  assert(greeting.to("Ada") == "Hello, Ada!")
  assert(greeting.to("") == "Hello, stranger!")
  return true
end

return { run = run }
