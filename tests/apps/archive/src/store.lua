--- Puts a text into the archive and tells the queue where it is.
local function main(key: string, text: string): (string?, error?)
  local bucket = assert(cloudstorage.get("app:bucket"))
  local url = assert(bucket:presigned_put_url(key, {expiration = 60}))
  -- The bucket itself, which exists anywhere but in a service for tests.
  local made = assert(http_client.put((url:match("^http://[^/]+/[^/?]+"))))
  assert(made.status_code == 200 or made.status_code == 409)
  local _, err = bucket:upload_object(key, text, {content_type = "text/plain"})
  if err then return nil, err end
  local _, refused = queue.publish("app:arrivals", {key = key}, {kind = "arrival"})
  if refused then return nil, refused end
  return bucket:presigned_get_url(key)
end

return {main = main}
