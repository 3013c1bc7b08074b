local io = require("io")
local env = require("env")

local function show(name: string)
  local value, err = env.get(name)
  io.print(name .. " = " .. (value or tostring(err and err:kind())))
end

local function main(tone: string?): integer
  for _, name in ipairs({
    "SHOP_NAME", "SHOP_TONE", "SHOP_PORT", "SHOP_LEVEL", "SHOP_VERSION", "SHOP_NOTHING"
  }) do
    show(name)
  end
  assert(env.set("SHOP_LEVEL", "debug"))
  show("SHOP_LEVEL")
  local ok, err = env.set("SHOP_VERSION", "2.0")
  io.print("read-only:", ok, err:kind())
  show("app:shop_version")
  if tone then assert(env.set("SHOP_NAME", tone)) end
  local count = 0
  for name in pairs(assert(env.get_all())) do
    if name:find("^SHOP_") then count = count + 1 end
  end
  io.print(count .. " variables")
  return 0
end

return {main = main}
