local http = require("http")
local system = require("system")

local parcels = {}

function parcels.size()
  local request, response = http.request(), http.response()
  local body, err = request:body()
  if err then
    response:set_status(413)
    response:write_json({error = tostring(err), kind = err:kind()})
  else
    response:write_json({size = #body})
  end
end

function parcels.memory()
  http.response():write_json({sys = system.memory.stats().sys})
end

return parcels
