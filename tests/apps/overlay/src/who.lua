local http_client = require("http_client")
local json = require("json")

-- Who the other side takes us for; through the overlay that was chosen for this call, if any.
local function who(url: string): (string?, error?)
  local response, err = http_client.get(url, {timeout = "10s"})
  if err then return nil, err end
  return assert(json.decode(response.body)).ip
end

return {who = who}
