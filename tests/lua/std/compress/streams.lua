-- modules: compress, fs

local function volume() return assert(fs.get("case:data")) end

--- All of a stream.
local function drained(stream, size)
  local parts = {}
  while true do
    local chunk, err = stream:read(size)
    if err then return nil, err end
    if not chunk then break end
    parts[#parts + 1] = chunk
  end
  return table.concat(parts)
end

local function file(name, content)
  local vol = volume()
  assert(vol:writefile(name, content))
  return assert(vol:open(name, "r"))
end

local TEXT = {}
for i = 1, 30000 do TEXT[i] = "line " .. i * 7919 % 10007 end
TEXT = table.concat(TEXT, "\n")

test("a stream is packed and unpacked as a stream, in any pieces", function()
  for _, format in ipairs({ "gzip", "deflate", "zlib", "brotli", "zstd" }) do
    local packing = assert(compress[format].encode(file(format .. ".txt", TEXT)))
    local packed = assert(drained(packing, 1000))
    assert(#packed < #TEXT / 2 and compress[format].decode(packed) == TEXT, format)
    assert(packing:close())
    local unpacking = assert(compress[format].decode(file(format .. ".bin", assert(compress[format].encode(TEXT)))))
    assert(drained(unpacking, 777) == TEXT, format)
    assert(unpacking:close() and unpacking:close())
  end
end)

test("streams go through each other; packed streams may stand in a row", function()
  local back = assert(compress.zstd.decode(assert(compress.zstd.encode(file("both.txt", TEXT), { level = 5 }))))
  assert(drained(back) == TEXT)
  local twice = assert(compress.gzip.encode("one ")) .. assert(compress.gzip.encode("two"))
  assert(drained(assert(compress.gzip.decode(file("twice.gz", twice)))) == "one two")
end)

test("bad data, a limit and what can't be a stream are refused", function()
  local packed = assert(compress.gzip.encode(TEXT))
  for _, bad in ipairs({ packed:sub(1, 500), "no gzip at all", packed:sub(1, 400) .. ("x"):rep(200) }) do
    local text, err = drained(assert(compress.gzip.decode(file("bad.gz", bad))))
    assert(text == nil and err:kind() == errors.INVALID, tostring(err))
  end
  local text, err = drained(assert(compress.gzip.decode(file("limit.gz", packed), { max_size = 1000 })))
  assert(text == nil and err:kind() == errors.INTERNAL and err:message():find("limit of 1000 bytes", 1, true), tostring(err))
  packed = assert(compress.brotli.encode(TEXT))
  for _, bad in ipairs({ packed:sub(1, 500), packed:sub(1, -2), "no brotli at all", packed:sub(1, 400) .. ("x"):rep(200) }) do
    text, err = drained(assert(compress.brotli.decode(file("bad.br", bad))))
    assert(text == nil and err:kind() == errors.INVALID, tostring(err))
  end
  text, err = drained(assert(compress.brotli.decode(file("limit.br", packed), { max_size = 1000 })))
  assert(text == nil and err:kind() == errors.INTERNAL and err:message():find("limit of 1000 bytes", 1, true), tostring(err))
end)

test("brotli packs streams at every quality as it packs strings", function()
  local text = TEXT:sub(1, 150000)
  for quality = 0, 11 do
    local packed = assert(drained(assert(compress.brotli.encode(file("q.txt", text), { level = quality })), 500))
    assert(compress.brotli.decode(packed) == text, quality)
    assert(drained(assert(compress.brotli.decode(file("q.br", packed)))) == text, quality)
  end
  assert(compress.brotli.decode(assert(drained(assert(compress.brotli.encode(file("empty", "")))))) == "")
end)

test("a stream is left alone when options are bad", function()
  local source = file("kept.txt", TEXT)
  for _, call in ipairs({
    function() return compress.gzip.encode(source, { level = 99 }) end,
    function() return compress.zstd.encode(source, { dict = "" }) end,
    function() return compress.zstd.decode(source, { dict = 12 }) end,
    function() return compress.gzip.decode(source, { max_size = 0 }) end,
  }) do
    local packed, err = call()
    assert(packed == nil and err:kind() == errors.INVALID, tostring(err))
  end
  assert(source:read(7) == TEXT:sub(1, 7), "it can still be read")
  assert(source:close())
end)
