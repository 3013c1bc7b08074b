local http = require("http")
local registry = require("registry")

local function handler()
  local products = {}
  for _, entry in ipairs(assert(registry.find({["meta.type"] = "product"}))) do
    products[#products + 1] = {
      id = entry.id,
      title = entry.meta.title,
      sku = entry.data.sku,
      price = entry.data.price,
      stock = entry.data.stock,
    }
  end
  http.response():write_json({products = products})
end

return {handler = handler}
