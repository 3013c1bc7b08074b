local io = require("io")
local http_client = require("http_client")
local json = require("json")
local funcs = require("funcs")

local function ask(url: string, overlay: string?): string
  local response, err = http_client.get(url, {timeout = "10s", overlay_network = overlay})
  if err then return "failed: " .. tostring(err) end
  return assert(json.decode(response.body)).ip
end

local function main(url: string): integer
  io.print("direct: " .. ask(url))
  io.print("veiled: " .. ask(url, "app:veil"))
  local inner, err = funcs.new():with_options({network = "app:veil"}):call("app:who", url)
  io.print("inherited: " .. (inner or "failed: " .. tostring(err)))
  return 0
end

return {main = main}
