-- modules: compress, base64, hash, time

local NAMES = { "gzip", "deflate", "zlib", "brotli", "zstd" }

local function failed(kind, message, fn, ...)
  local none, err = fn(...)
  assert(none == nil, "expected a failure")
  assert(err:kind() == kind, err:kind() .. ": " .. err:message())
  assert(err:retryable() == false)
  if message then assert(err:message() == message, err:message()) end
end

--- Bytes without any order, the same each time.
local function noise(count)
  local parts = {}
  for i = 1, (count + 63) // 64 do parts[i] = hash.sha512("noise" .. i, true) end
  return table.concat(parts):sub(1, count)
end

local TEXT = ("The quick brown fox jumps over the lazy dog. "):rep(200)

test("what is encoded is smaller and decodes to itself [compress.encode] [compress.decode]", function()
  for _, name in ipairs(NAMES) do
    for _, data in ipairs({ "x", TEXT, noise(100), TEXT:rep(40), "\0\255" }) do
      local packed = assert(compress[name].encode(data))
      assert(compress[name].decode(packed) == data, name)
    end
    assert(#compress[name].encode(TEXT) < #TEXT / 10, name)
  end
end)

test("levels go from quick to small, within the bounds of each format [compress.encode] [compress.errors] [compress.messages]", function()
  local bounds = { gzip = { 1, 9 }, deflate = { 1, 9 }, zlib = { 1, 9 }, brotli = { 0, 11 }, zstd = { 1, 22 } }
  for name, bound in pairs(bounds) do
    local data = noise(3000) .. TEXT .. noise(3000):reverse() .. TEXT:reverse()
    local quick = assert(compress[name].encode(data, { level = bound[1] }))
    local small = assert(compress[name].encode(data, { level = bound[2] }))
    assert(#small <= #quick, name)
    assert(compress[name].decode(small) == data)
    local what = name == "brotli" and "brotli quality" or "compression level"
    local message = ("%s must be between %d and %d"):format(what, bound[1], bound[2])
    for _, level in ipairs({ bound[1] - 1, bound[2] + 1, 1.5 }) do
      failed(errors.INVALID, message, compress[name].encode, "x", { level = level })
    end
  end
  local function default(name, level)
    assert(compress[name].encode(TEXT) == compress[name].encode(TEXT, { level = level }), name)
  end
  default("gzip", 6) default("deflate", 6) default("zlib", 6) default("brotli", 6) default("zstd", 3)
end)

--- Some bytes of which every block is different and half is noise.
local function mixture(bytes)
  return (noise(7001) .. TEXT):rep(bytes // 16000 + 1):sub(1, bytes)
end

test("what is compressed in parts is right around their ends [compress.encode] [compress.decode]", function()
  for _, bytes in ipairs({ 65536, 65537, 131072, 131073, 1048575, 1048576, 1048577 }) do
    local data = mixture(bytes)
    for _, level in ipairs({ 1, 6 }) do
      assert(compress.brotli.decode(assert(compress.brotli.encode(data, { level = level }))) == data, bytes)
    end
  end
end)

test("others run while a megabyte is compressed, also several at once", function()
  local data = { mixture(1048576), mixture(1000000):reverse(), TEXT:rep(100) }
  local running, turns = 0, 0
  local finished = channel.new(#data)
  for _, each in ipairs(data) do
    coroutine.spawn(function()
      running = running + 1
      local packed = assert(compress.brotli.encode(each))
      running = running - 1
      finished:send(compress.brotli.decode(packed) == each)
    end)
  end
  coroutine.spawn(function()
    while running > 0 do
      turns = turns + 1
      time.sleep(0)
    end
  end)
  for _ = 1, #data do assert(finished:receive()) end
  assert(turns > 0, "nothing else ran")
end)

test("the bytes are those of the standards [compress.formats]", function()
  assert(compress.gzip.encode(TEXT):sub(1, 3) == "\31\139\8")
  local zlib = compress.zlib.encode(TEXT)
  assert(zlib:byte(1) == 0x78 and (zlib:byte(1) * 256 + zlib:byte(2)) % 31 == 0)
  assert(compress.deflate.encode(TEXT) == zlib:sub(3, -5), "deflate has neither header nor checksum")
  assert(compress.zstd.encode(TEXT):sub(1, 4) == "\40\181\47\253")
  -- Made by the tools gzip, brotli and zstd.
  local made = {
    gzip = "H4sIAAAAAAAAA8tIzcnJ5wIAIDA6NgYAAAA=",
    brotli = "iwKAaGVsbG8KAw==",
    zstd = "KLUv/QRYMQAAaGVsbG8KU4i9kQ==",
  }
  for name, text in pairs(made) do
    local data, err = compress[name].decode(base64.decode(text))
    assert(data == "hello\n", name .. ": " .. tostring(err))
  end
end)

test("streams of one format in a row decode as one [compress.decode]", function()
  for _, name in ipairs({ "gzip", "zstd" }) do
    local packed = compress[name].encode("one ") .. compress[name].encode("two")
    assert(compress[name].decode(packed) == "one two", name)
  end
  failed(errors.INTERNAL, nil, compress.zstd.decode, compress.zstd.encode("one ") .. compress.zstd.encode("two"), { max_size = 6 })
end)

test("empty input is Invalid [compress.errors] [compress.messages]", function()
  for _, name in ipairs(NAMES) do
    failed(errors.INVALID, "input data cannot be empty", compress[name].encode, "")
    failed(errors.INVALID, "input data cannot be empty", compress[name].decode, "")
  end
end)

test("what is no such data, or cut short anywhere, is Invalid [compress.errors] [compress.messages]", function()
  for _, name in ipairs(NAMES) do
    local message = ("invalid %s data"):format(name)
    failed(errors.INVALID, message, compress[name].decode, "this is no compressed data at all")
    for _, data in ipairs({ "short", TEXT, noise(70000) }) do
      local packed = compress[name].encode(data)
      for _, keep in ipairs({ 1, 2, 3, #packed // 2, #packed - 1 }) do
        failed(errors.INVALID, message, compress[name].decode, packed:sub(1, keep))
      end
    end
  end
  local gzip = compress.gzip.encode(TEXT)
  failed(errors.INVALID, nil, compress.gzip.decode, gzip:sub(1, -9) .. "\0\0\0\0" .. gzip:sub(-4))
  failed(errors.INVALID, nil, compress.gzip.decode, gzip .. "more")
  failed(errors.INVALID, nil, compress.zstd.decode, compress.zstd.encode(TEXT) .. "more")
end)

test("more output than the limit is Internal, and is never held [compress.decode] [compress.errors]", function()
  local data = ("\0"):rep(1000000)
  for _, name in ipairs(NAMES) do
    local packed = compress[name].encode(data)
    failed(errors.INTERNAL, "decompressed size exceeds limit of 999999 bytes", compress[name].decode, packed, { max_size = 999999 })
    assert(compress[name].decode(packed, { max_size = 1000000 }) == data, name)
    for _, size in ipairs({ 0, -1, 1073741825 }) do
      failed(errors.INVALID, "max_size must be between 1 and 1073741824", compress[name].decode, packed, { max_size = size })
    end
  end
end)

test("a bomb ends at 128 MB unless more is allowed [compress.decode]", function()
  local layer = compress.gzip.encode(("\0"):rep(16 * 1024 * 1024), { level = 9 })
  failed(errors.INTERNAL, "decompressed size exceeds limit of 134217728 bytes", compress.gzip.decode, layer:rep(9))
end)

local function samples()
  local list = {}
  for i = 1, 400 do
    list[i] = ('{"id":%d,"name":"user %s","email":"user%d@example.com","active":%s,"role":"editor"}'):format(
      i, hash.sha256("n" .. i):sub(1, 6), i * 7, tostring(i % 3 == 0))
  end
  return list
end

test("a dictionary makes small texts smaller, and is needed again [compress.zstd.dict]", function()
  local list = samples()
  local dict = assert(compress.zstd.train_dict(list, { size = 4096 }))
  local text = '{"id":901,"name":"user 12ab34","email":"user6307@example.com","active":true,"role":"editor"}'
  local packed = assert(compress.zstd.encode(text, { dict = dict }))
  assert(#packed < #compress.zstd.encode(text) * 0.7, #packed)
  assert(compress.zstd.decode(packed, { dict = dict }) == text)
  failed(errors.INVALID, nil, compress.zstd.decode, packed)
  local other = assert(compress.zstd.train_dict({ noise(5000), noise(300) }, { size = 1024 }))
  failed(errors.INVALID, nil, compress.zstd.decode, packed, { dict = other })
  failed(errors.INVALID, nil, compress.zstd.decode, packed:sub(1, -3), { dict = dict })
  failed(errors.INTERNAL, "decompressed size exceeds limit of 10 bytes", compress.zstd.decode, packed, { dict = dict, max_size = 10 })
  local long = TEXT:rep(30)
  assert(compress.zstd.decode(compress.zstd.encode(long, { dict = dict, level = 19 }), { dict = dict }) == long)
  assert(compress.zstd.decode(compress.zstd.encode(text, { dict = "any bytes may serve: " .. text }), { dict = "any bytes may serve: " .. text }) == text)
end)

test("training takes size, id and level within bounds [compress.zstd.train_dict] [compress.messages]", function()
  local list = samples()
  local dict = assert(compress.zstd.train_dict(list, { size = 2048, id = 4711, level = 19 }))
  assert(#dict <= 2048 and #dict >= 256)
  assert(compress.zstd.inspect_dict(dict).id == 4711)
  assert(compress.zstd.inspect_dict(assert(compress.zstd.train_dict({ "12345678" }))).content_size >= 8, "one short sample is enough")
  failed(errors.INVALID, "at least one sample must be 8 bytes or longer", compress.zstd.train_dict, { "short", "" })
  failed(errors.INVALID, "at least one sample must be 8 bytes or longer", compress.zstd.train_dict, {})
  for _, size in ipairs({ 255, 1048577 }) do
    failed(errors.INVALID, "dict size must be between 256 and 1048576", compress.zstd.train_dict, list, { size = size })
  end
  failed(errors.INVALID, "compression level must be between 1 and 22", compress.zstd.train_dict, list, { level = 23 })
end)

test("a dictionary says its id and the size of its content [compress.zstd.inspect_dict]", function()
  local dict = assert(compress.zstd.train_dict(samples(), { size = 4096, id = 7 }))
  local info = assert(compress.zstd.inspect_dict(dict))
  assert(info.id == 7 and info.content_size > 0 and info.content_size < #dict)
  failed(errors.INVALID, "invalid zstd dictionary", compress.zstd.inspect_dict, "no dictionary")
end)
