local funcs = require("funcs")

local function main(): {any}
  return {
    (funcs.call("demo.wasm:greet_function", "World")),
    (funcs.call("demo.wasm:add_function", 6, 7)),
    (funcs.call("demo.wasm:fibonacci_function", 10)),
  }
end

return {main = main}
