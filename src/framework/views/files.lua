--- Files of bundles, wherever they are served.

local http_client = require("http_client")

local M = {}

--- One file of a folder. `options` are those of a request.
function M.get(place: address.Place, path: string, options: http_client.Options): (
  http_client.Response?,
  error?
)
  local folder, is_own, err = address.internal(place)
  if folder == nil then return nil, err end
  -- A certificate is for the name that clients use, which is not the address that this program asks itself at.
  if is_own then options.tls = {insecure_skip_verify = true} end
  return http_client.get(folder .. path, options)
end

return M
