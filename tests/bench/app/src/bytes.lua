-- Megabytes per second of a function on a string of 1 MB.
local functions = {
  base64_encode = function(text) return base64.encode(text) end,
  base64_decode = function(_, encoded) return base64.decode(encoded) end,
  sha256 = function(text) return hash.sha256(text) end,
}

return {
  main = function(what, count)
    local parts = {}
    for i = 1, 65536 do parts[i] = string.pack("<I8I8", i * 0x9E3779B97F4A7C15, i * 0x2545F4914F6CDD1D) end
    local text = table.concat(parts)
    -- Not part of what is measured: a collector would look at each again and again.
    parts = nil
    local encoded = assert(base64.encode(text))
    local fn = functions[what]
    for _ = 1, count // 10 do assert(fn(text, encoded)) end
    local started = time.now()
    for _ = 1, count do fn(text, encoded) end
    return #text * count / 1e6 / time.now():sub(started):seconds()
  end,
}
