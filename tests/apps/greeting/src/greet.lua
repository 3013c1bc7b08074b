local http = require("http")

local function handler()
  local request, response = http.request(), http.response()
  response:write_json({greeting = "Good day, " .. request:param("name") .. "."})
end

return {handler = handler}
