local http = require("http")
local registry = require("registry")

local function handler()
  local request, response = http.request(), http.response()
  local settings = assert(registry.get("acme.clock:settings")).data
  response:write_json({
    text = settings.greeting .. " "
      .. face.read(math.tointeger(tonumber(request:query("hour"))) or 0),
    tags = settings.tags,
  })
end

return {handler = handler}
