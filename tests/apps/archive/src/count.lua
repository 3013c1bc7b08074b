--- Looks at what has arrived.
local function main(arrival: {key: string})
  local bucket = assert(cloudstorage.get("app:bucket"))
  local meta = assert(bucket:head_object(arrival.key))
  local message = assert(queue.message())
  logger:info("arrived", {key = arrival.key, bytes = meta.size, kind = message:header("kind")})
  return true
end

return {main = main}
