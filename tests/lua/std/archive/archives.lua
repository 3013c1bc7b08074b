-- modules: archive, fs, funcs, time, hash, base64, compress

local FORMATS = { "zip", "tar", "tar.gz", "tar.zst" }

local function failed(kind, pattern, fn, ...)
  local none, err = fn(...)
  assert(none == nil, "expected a failure")
  assert(err:kind() == kind, err:kind() .. ": " .. err:message())
  if pattern then assert(err:message():find(pattern, 1, true), err:message()) end
end

--- An empty folder, with the name of a case.
local function fresh(id, name)
  local vol = assert(fs.get(id))
  local function clear(path)
    for entry in vol:readdir(path) do
      local inner = path .. "/" .. entry.name
      if entry.type == "directory" then clear(inner) end
      vol:remove(inner)
    end
  end
  if vol:exists("/" .. name) then clear("/" .. name) else assert(vol:mkdir("/" .. name)) end
  assert(vol:chdir("/" .. name))
  return vol
end

local function noise(count)
  local parts = {}
  for i = 1, (count + 63) // 64 do parts[i] = hash.sha512("noise" .. i, true) end
  return table.concat(parts):sub(1, count)
end

local FILES = {
  { "readme.txt", "hello" },
  { "docs/empty.txt", "" },
  { "docs/long.txt", ("The quick brown fox. "):rep(9000) },
  { "docs/grün/" .. ("n"):rep(120) .. ".bin", noise(150000) },
}

--- Writes an archive with everything in it.
local function write(vol, path, format, options)
  local w = assert(archive.create(vol, path, { format = format }))
  assert(w:add_dir("docs/"))
  for _, file in ipairs(FILES) do
    assert(w:add(file[1], file[2], { mode = tonumber("640", 8), modified = 1700000000, method = options and options.method }))
  end
  assert(w:add_dir("void"))
  assert(w:close() == true)
end

--- What a walk finds, by name.
local function walked(...)
  local s = assert(archive.scan(...))
  local found, order = {}, {}
  for e, entry in s:walk() do
    local parts = {}
    while true do
      local part = assert(select(2, pcall(entry.read, entry, 5000)) or "")
      if part == "" then break end
      parts[#parts + 1] = part
    end
    found[e.name] = { entry = e, data = table.concat(parts) }
    order[#order + 1] = e.name
  end
  s:close()
  return found, order
end

test("the formats have names [archive.formats]", function()
  local names = {}
  for _, name in ipairs(archive.formats()) do names[name] = true end
  for _, name in ipairs(FORMATS) do assert(names[name], name) end
end)

test("every format is written and scanned in order [archive.capabilities] [archive.create] [archive.scan] [walker.walk] [writer.add] [writer.add_dir]", function()
  local vol = fresh("case:data", "formats")
  for _, format in ipairs(FORMATS) do
    local path = "a." .. format
    write(vol, path, format)
    local found, order = walked(vol, path)
    assert(#order == 6 and order[1] == "docs/" and order[6] == "void/", format .. ": " .. table.concat(order, " "))
    for _, file in ipairs(FILES) do
      local got = found[file[1]]
      assert(got.data == file[2], format .. ": " .. file[1])
      assert(got.entry.type == "file" and got.entry.is_dir == false and got.entry.modified == 1700000000)
    end
    assert(found["void/"].entry.is_dir == true)
  end
end)

test("zip and tar are read in any order [archive.capabilities] [archive.open] [reader.entries] [reader.stat] [reader.read]", function()
  local vol = fresh("case:data", "random")
  for _, format in ipairs({ "zip", "tar" }) do
    local path = "a." .. format
    write(vol, path, format)
    local r = assert(archive.open(vol, path))
    local names = {}
    for e in r:entries() do names[#names + 1] = e.name end
    assert(#names == 6 and names[1] == "docs/" and names[2] == "readme.txt")
    for i = #FILES, 1, -1 do
      local name, data = FILES[i][1], FILES[i][2]
      assert(r:read(name) == data, format .. ": " .. name)
      local e = assert(r:stat(name))
      assert(e.size == #data and e.mode == tonumber("640", 8) and e.modified == 1700000000 and e.type == "file")
    end
    local long = r:stat("docs/long.txt")
    if format == "zip" then
      assert(long.method == "deflate" and long.compressed_size < 2000 and long.crc32 ~= 0)
    else
      assert(long.method == "store" and long.compressed_size == long.size)
    end
    failed(errors.NOT_FOUND, "entry not found: nothing", r.stat, r, "nothing")
    failed(errors.NOT_FOUND, nil, r.read, r, "nothing")
    failed(errors.INVALID, "not a file", r.read, r, "docs/")
    assert(r:close() == true and r:close() == true)
    failed(errors.INVALID, "archive is closed", r.read, r, "readme.txt")
  end
end)

test("an archive is opened from an open file and from bytes [archive.open]", function()
  local vol = fresh("case:data", "sources")
  write(vol, "a.zip", "zip")
  local file = assert(vol:open("a.zip"))
  local r = assert(archive.open(file))
  assert(r:read("readme.txt") == "hello")
  r:close()
  assert(file:close(), "the file stays the script's")
  r = assert(archive.open(vol:readfile("a.zip"), { format = "zip" }))
  assert(r:read("docs/long.txt") == FILES[3][2])
end)

test("formats that can only be scanned say so [archive.capabilities] [archive.errors]", function()
  local vol = fresh("case:data", "unavailable")
  for _, format in ipairs({ "tar.gz", "tar.zst" }) do
    write(vol, "a.bin", format)
    failed(errors.UNAVAILABLE, format .. " archives have no random access: use archive.scan", archive.open, vol, "a.bin")
  end
end)

test("a format is found by its first bytes, else by the name [archive.opts] [archive.errors]", function()
  local vol = fresh("case:data", "sniff")
  for _, format in ipairs(FORMATS) do
    write(vol, "any.bin", format)
    assert(walked(vol, "any.bin")["readme.txt"].data == "hello", format)
  end
  vol:writefile("text.txt", "no archive at all")
  failed(errors.INVALID, "unknown archive format", archive.open, vol, "text.txt")
  failed(errors.INVALID, "unknown archive format: rar", archive.open, vol, "text.txt", { format = "rar" })
  failed(errors.INVALID, nil, archive.open, vol, "text.txt", { format = "zip" })
  failed(errors.INVALID, nil, archive.open, vol, "text.txt", { format = "tar" })
  failed(errors.INVALID, "format is required", archive.create, vol, "out.bin")
  assert(archive.create(vol, "named.tar.gz")):close()
  assert(vol:readfile("named.tar.gz"):sub(1, 2) == "\31\139")
end)

test("a stream decompresses as it is read [reader.stream]", function()
  local vol = fresh("case:data", "stream")
  write(vol, "a.zip", "zip")
  local r = archive.open(vol, "a.zip")
  local s = assert(r:stream("docs/long.txt"))
  local size, largest = 0, 0
  while true do
    local part = s:read(1000)
    if not part then break end
    size = size + #part
    largest = math.max(largest, #part)
  end
  assert(size == #FILES[3][2] and largest <= 1000)
  assert(s:stat().size == size and s:stat().position == size)
  s:close()
  local lines = 0
  local scanner = r:stream("docs/long.txt"):scanner("words")
  while scanner:scan() do lines = lines + 1 end
  assert(lines == 36000)
  assert(vol:writefile("copy.bin", r:stream(FILES[4][1])) and vol:readfile("copy.bin") == FILES[4][2])
end)

test("one entry is extracted under its own path or another [reader.extract]", function()
  local vol, out = fresh("case:data", "extract"), fresh("case:out", "extract")
  write(vol, "a.tar", "tar")
  local r = archive.open(vol, "a.tar")
  assert(r:extract("docs/long.txt", out) == true)
  assert(out:readfile("docs/long.txt") == FILES[3][2])
  out:remove("docs/long.txt")
  assert(r:extract("docs/long.txt", out, "/extract/deep/er.txt"))
  assert(out:readfile("/extract/deep/er.txt") == FILES[3][2])
  failed(errors.NOT_FOUND, nil, r.extract, r, "nothing", out)
end)

test("all entries are extracted, with prefix, strip and filter [reader.extract_all]", function()
  local vol, out = fresh("case:data", "all"), fresh("case:out", "all")
  for _, format in ipairs({ "zip", "tar" }) do
    write(vol, "a." .. format, format)
    local r = archive.open(vol, "a." .. format)
    assert(r:extract_all(out, { prefix = "all-" .. format .. "/" }) == 6)
    for _, file in ipairs(FILES) do assert(out:readfile("/all/all-" .. format .. "/" .. file[1]) == file[2], file[1]) end
    assert(out:isdir("/all/all-" .. format .. "/void"))
    local seen = 0
    local count = assert(r:extract_all(out, {
      prefix = "/all/" .. format .. "/",
      strip = 1,
      filter = function(e)
        seen = seen + 1
        return not e.is_dir and e.size < 200000
      end,
    }))
    assert(seen == 6 and count == 3, seen .. " " .. count)
    assert(out:readfile("/all/" .. format .. "/long.txt") == FILES[3][2] and not out:exists("/all/" .. format .. "/readme.txt"))
    local ok, problem = pcall(r.extract_all, r, out, { filter = function() error("refused by the filter") end })
    assert(not ok and tostring(problem):find("refused by the filter", 1, true))
    local busy = 0
    assert(r:extract_all(out, { filter = function() for _ = 1, 2000 do busy = busy + 1 end return false end }) == 0 and busy == 12000)
  end
end)

--- A tar archive with these names, made by hand.
local function tarOf(names)
  local blocks = {}
  for _, name in ipairs(names) do
    local head = name .. ("\0"):rep(100 - #name) .. "0000644\0" .. "0000000\0" .. "0000000\0" .. "00000000004\0" .. "00000000000\0"
    local tail = "0" .. ("\0"):rep(100) .. "ustar\00000" .. ("\0"):rep(247)
    local sum = 8 * 32
    for c in (head .. tail):gmatch(".") do sum = sum + c:byte() end
    blocks[#blocks + 1] = head .. ("%06o\0 "):format(sum) .. tail .. "data" .. ("\0"):rep(508)
  end
  return table.concat(blocks) .. ("\0"):rep(1024)
end

test("names that lead elsewhere are refused, and nothing is written [archive.zip-slip]", function()
  local out = fresh("case:out", "slip")
  for _, name in ipairs({ "../evil", "a/../../evil", "/etc/evil", "C:\\evil", "c:evil", "\\\\host\\share\\evil", "a\\..\\..\\evil", ".." }) do
    local r = assert(archive.open(tarOf({ "good", name })))
    failed(errors.INVALID, "unsafe path in archive", r.extract_all, r, out)
    failed(errors.INVALID, "unsafe path in archive", r.extract, r, name, out)
    failed(errors.INVALID, "unsafe path in archive", r.extract, r, name, out, "fine")
    assert(not out:exists("good") and not out:exists("fine"), name)
    assert(r:read(name) == "data", "reading is harmless")
  end
  local r = archive.open(tarOf({ "x/good" }))
  failed(errors.INVALID, "path traversal", r.extract_all, r, out, { prefix = "../../../" })
  local w = archive.create(out, "w.zip")
  failed(errors.INVALID, "unsafe path in archive", w.add, w, "../evil", "x")
end)

test("an entry can't be read once the walk has advanced [walker.walk] [archive.errors]", function()
  local vol = fresh("case:data", "stale")
  for _, format in ipairs(FORMATS) do
    write(vol, "a.bin", format)
    local s = archive.scan(vol, "a.bin")
    local before
    for e, entry in s:walk() do
      if before then failed(errors.INTERNAL, "the walk has advanced", before.read, before) end
      before = entry
    end
    failed(errors.INTERNAL, nil, before.read, before)
    assert(s:close() == true)
  end
end)

test("a zip archive from a stream is scanned by local headers, descriptors included [archive.scan.zip]", function()
  local vol = fresh("case:data", "scanzip")
  for _, method in ipairs({ "store", "deflate" }) do
    write(vol, "a.zip", "zip", { method = method })
    local found = walked(vol:open("a.zip"))
    for _, file in ipairs(FILES) do assert(found[file[1]].data == file[2], method .. " " .. file[1]) end
  end
  -- Streams of unknown size have nothing in the header.
  local w = archive.create(vol, "b.zip")
  local packed = archive.open(vol, "a.zip")
  assert(w:add("one", packed:stream("docs/long.txt")))
  assert(w:add("two", "2"))
  w:close()
  local found = walked(vol, "b.zip")
  assert(found.one.data == FILES[3][2] and found.two.data == "2")
  assert(archive.open(vol, "b.zip"):read("one") == FILES[3][2])
end)

-- Made by the programs zip and tar: sizes behind the data, GNU long names, extended headers.
local MADE = {
  seekable = "UEsDBAoAAAAAAAAAIVwgMDo2BgAAAAYAAAAFABwAYS50eHRVVAkAA4BPVmmAT1ZpdXgLAAEEAAAAAAQAAAAAaGVsbG8KUEsBAh4DCgAAAAAAAAAhXCAwOjYGAAAABgAAAAUAGAAAAAAAAQAAAKSBAAAAAGEudHh0VVQFAAOAT1ZpdXgLAAEEAAAAAAQAAAAAUEsFBgAAAAABAAEASwAAAEUAAAAAAA==",
  streamed = "UEsDBBQACAAIAKqxblcAAAAAAAAAAAIAAAAFAAAAYS50eHTLyAQAUEsHCKwqk9gEAAAAAgAAAFBLAwQKAAgAAACqsW5XAAAAAAAAAAAAAAAABQAAAGVtcHR5UEsHCAAAAAAAAAAAAAAAAFBLAQIeAxQACAAIAKqxblesKpPYBAAAAAIAAAAFAAAAAAAAAAEAAACkgQAAAABhLnR4dFBLAQIeAwoACAAAAKqxblcAAAAAAAAAAAAAAAAFAAAAAAAAAAAAAACkgTcAAABlbXB0eVBLBQYAAAAAAgACAGYAAABqAAAAAAA=",
  gnu = "H4sIAAAAAAACA+3VQQ6CMBCF4R6lJ4AZKO3WA3AJFkaJEQzWRG9vdScLDQsghv/bTNLZdTqvTRbv0cxLEu/cuybjmhRGXVW4EMS9zlWqUowVs4DbNTaDtWbo+6/38Kv/p46twYbtz5f4WH3/Zbz/vvDs/xKyPMt3dd8d6rY7rTR/DfrxFkTVpy/B1sx/dt1KSN7tzH9y/peVloH8BwAAAAAAAAAAAIApnr6SSxYAKAAA",
  pax = "KLUv/QRo/QYAAkodF4BNG2BzJ7zBm3tSUBEJ9nf3kgUnj1pkbLnXuQJOsTwHrW82f7fVac0rZ9vqQY3CLO95oi/8XvUIbPt5GVlfoBHM3VpnsKwNJ4bGslAa5rn1xR8j96QJqYXamnn8+YyxDpzI7D8y9/FRL3CCFCmJUwzKHUIQJyDwTtIEBXr9owdjVdUBiQJoemh7SgW5WygwpqZoDFXvsOAxcLoBH2GsOiA3kYZ9CAhPpb7qFRRKB/CI+wTBya9iyaECGwgMG4AhaWrUIRygadi/B4CdehR6by51BpoOyBo0wDr67I0G9tg=",
}

test("archives of other programs are read [archive.open] [archive.scan] [archive.scan.zip]", function()
  local r = assert(archive.open(base64.decode(MADE.seekable)))
  assert(r:read("a.txt") == "hello\n" and r:stat("a.txt").modified == 1767264128)
  local found, order = walked(base64.decode(MADE.streamed))
  assert(#order == 2 and found["a.txt"].data == "hi" and found.empty.data == "")
  for _, name in ipairs({ "gnu", "pax" }) do
    found = walked(base64.decode(MADE[name]))
    assert(found["a.txt"].data == "hi" and found["a.txt"].entry.modified == 1700000000, name)
    assert(found[("n"):rep(120)].data == "", name)
  end
end)

test("a file of a file system becomes an entry [writer.add_file]", function()
  local vol = fresh("case:data", "addfile")
  vol:writefile("big.bin", FILES[4][2])
  for _, format in ipairs(FORMATS) do
    local w = assert(archive.create(vol, "a." .. format))
    assert(w:add_file("data/big.bin", vol, "big.bin"))
    failed(errors.NOT_FOUND, nil, w.add_file, w, "x", vol, "nothing.bin")
    assert(w:close())
    assert(walked(vol, "a." .. format)["data/big.bin"].data == FILES[4][2], format)
  end
end)

test("an entry comes from a stream; tar needs its size or little of it [writer.add]", function()
  local vol = fresh("case:data", "addstream")
  write(vol, "a.zip", "zip")
  local r = archive.open(vol, "a.zip")
  for _, format in ipairs(FORMATS) do
    local w = archive.create(vol, "b." .. format)
    assert(w:add("long", r:stream("docs/long.txt")))
    assert(w:add("file", vol:open("a.zip"), { method = "store" }))
    assert(w:close())
    local found = walked(vol, "b." .. format)
    assert(found.long.data == FILES[3][2] and found.file.data == vol:readfile("a.zip"), format)
  end
  local w = archive.create(vol, "c.zip")
  failed(errors.INVALID, "unknown method: lzma", w.add, w, "x", "data", { method = "lzma" })
  failed(errors.INVALID, "mode must be", w.add, w, "x", "data", { mode = -1 })
  failed(errors.INVALID, "entry name required", w.add, w, "", "data")
  failed(errors.INVALID, "use add_dir", w.add, w, "x/", "data")
end)

test("closing finishes an archive and may be done twice [archive.close]", function()
  local vol = fresh("case:data", "close")
  local w = archive.create(vol, "a.zip")
  w:add("x", "data")
  failed(errors.INVALID, nil, archive.open, vol, "a.zip")
  assert(w:close() == true and w:close() == true)
  assert(archive.open(vol, "a.zip"):read("x") == "data")
  failed(errors.INVALID, "archive is closed", w.add, w, "y", "data")
  local s = archive.scan(vol, "a.zip")
  assert(s:close() == true and s:close() == true)
  local ok, err = pcall(s:walk())
  assert(not ok and err:kind() == errors.INVALID and err:message() == "archive is closed")
  assert(archive.create(vol, "empty.zip"):close())
  assert(archive.open(vol, "empty.zip"):entries()() == nil)
end)

test("what its task leaves open is closed, and finished, with it [archive.close]", function()
  local vol = fresh("case:data", "left")
  archive.create(vol, "before.zip"):close()
  assert(funcs.call("case:leave", "/left/after.zip"))
  local r
  -- It is closed when its process is gone, which is soon.
  for _ = 1, 1000 do
    r = archive.open(vol, "after.zip")
    if r then break end
    time.sleep("1ms")
  end
  assert(r and r:read("x") == "data")
end)

test("limits bound entries, bytes of a file, of all, and in memory [archive.opts] [archive.errors]", function()
  local vol = fresh("case:data", "limits")
  for _, format in ipairs({ "zip", "tar" }) do
    local path = "a." .. format
    write(vol, path, format)
    failed(errors.INVALID, "archive has more than 3 entries (max_entries)", archive.open, vol, path, { max_entries = 3 })
    local r = archive.open(vol, path, { max_inline_bytes = 1000 })
    failed(errors.INVALID, "max_inline_bytes", r.read, r, "docs/long.txt")
    assert(r:read("readme.txt") == "hello")
    assert(r:stream("docs/long.txt"):read(10) == "The quick ", "streams hold little, whatever the size")
    r = archive.open(vol, path, { max_file_bytes = 100000 })
    failed(errors.INVALID, "docs/long.txt: larger than 100000 bytes (max_file_bytes)", r.read, r, "docs/long.txt")
    r = archive.open(vol, path, { max_total_bytes = 200000 })
    assert(r:read("docs/long.txt"))
    failed(errors.INVALID, "archive holds more than 200000 bytes (max_total_bytes)", r.read, r, FILES[4][1])
  end
  failed(errors.INVALID, "buffer_bytes must be an integer between 512 and 8388608", archive.open, vol, "a.zip", { buffer_bytes = 1 })
  for _, format in ipairs(FORMATS) do
    write(vol, "b.bin", format)
    for _, limit in ipairs({ "max_entries", "max_file_bytes", "max_total_bytes" }) do
      local s = archive.scan(vol, "b.bin", { [limit] = 4 })
      local ok, err = pcall(function() for _ in s:walk() do end end)
      assert(not ok and err:kind() == errors.INVALID and err:message():find(limit, 1, true), format .. " " .. limit)
    end
  end
  local w = archive.create(vol, "c.zip", { max_file_bytes = 10 })
  failed(errors.INVALID, "max_file_bytes", w.add, w, "x", "more than ten bytes")
  failed(errors.INVALID, "archive is incomplete", w.close, w)
end)

test("a bomb fills no memory [archive.opts.memory]", function()
  local vol = fresh("case:data", "bomb")
  local w = archive.create(vol, "bomb.zip")
  local zeros = ("\0"):rep(8 * 1024 * 1024)
  assert(w:add("bomb", zeros))
  w:close()
  local r = archive.open(vol, "bomb.zip", { max_inline_bytes = 1024 })
  assert(r:stat("bomb").compressed_size < 10000)
  failed(errors.INVALID, "max_inline_bytes", r.read, r, "bomb")
  local s = r:stream("bomb")
  local size, largest = 0, 0
  for _ = 1, 1000000 do
    local part = s:read(1024 * 1024)
    if not part then break end
    size, largest = size + #part, math.max(largest, #part)
  end
  assert(size == #zeros and largest <= 65536, "a step gives at most 64 KiB")
end)

test("what is cut short or damaged anywhere is Invalid [archive.errors]", function()
  local vol, out = fresh("case:data", "corrupt"), fresh("case:out", "corrupt")
  local function all(bytes, format)
    local s, err = archive.scan(bytes, { format = format })
    if not s then error(err) end
    for _, entry in s:walk() do
      while true do
        local part, problem = entry:read(4096)
        if problem then error(problem) end
        if not part then break end
      end
    end
  end
  for _, format in ipairs(FORMATS) do
    write(vol, "a.bin", format)
    local bytes = vol:readfile("a.bin")
    all(bytes, format)
    for _, keep in ipairs({ 1, 100, 700, #bytes // 3, #bytes // 2, #bytes - 2000 }) do
      local ok, err = pcall(all, bytes:sub(1, keep), format)
      assert(not ok and err:kind() == errors.INVALID, format .. " cut at " .. keep .. ": " .. tostring(err))
      if format == "zip" then failed(errors.INVALID, nil, archive.open, bytes:sub(1, keep), { format = "zip" }) end
    end
  end
  write(vol, "a.zip", "zip", { method = "store" })
  local bytes = vol:readfile("a.zip")
  local at = bytes:find("quick brown", 5000, true)
  local damaged = bytes:sub(1, at) .. "X" .. bytes:sub(at + 2)
  local r = assert(archive.open(damaged))
  failed(errors.INVALID, "archive is corrupt: docs/long.txt: its checksum does not match", r.read, r, "docs/long.txt")
  failed(errors.INVALID, "checksum", r.extract, r, "docs/long.txt", out)
  assert(not out:exists("docs/long.txt"), "what was begun is removed")
  local ok, err = pcall(all, damaged, "zip")
  assert(not ok and err:kind() == errors.INVALID and err:message():find("checksum", 1, true))
  local tar = tarOf({ "good" })
  failed(errors.INVALID, "bad header", archive.open, tar:sub(1, 10) .. "X" .. tar:sub(12), { format = "tar" })
end)

test("archives damaged at random are read, or refused as Invalid [archive.errors]", function()
  local vol = fresh("case:data", "random-damage")
  local seed = 12345
  local function random(n)
    seed = (seed * 1103515245 + 12345) % 2147483648
    return seed // 65536 % n + 1
  end
  local limits = { max_entries = 100, max_total_bytes = 1000000, max_file_bytes = 500000 }
  for _, format in ipairs(FORMATS) do
    local w = archive.create(vol, "a.bin", { format = format })
    for i = 1, 3 do w:add("dir/" .. i, ("some text "):rep(20 * i), { method = i == 2 and "store" or nil }) end
    w:close()
    local bytes = vol:readfile("a.bin")
    local refused = 0
    for _ = 1, 150 do
      local at = random(#bytes)
      local damaged = bytes:sub(1, at - 1) .. string.char(random(256) - 1):rep(random(3)) .. bytes:sub(at + random(3))
      limits.format = format
      local s, problem = archive.scan(damaged, limits)
      local ok = true
      if s then
        ok, problem = pcall(function()
          for _, entry in s:walk() do
            repeat
              local part, err = entry:read(1000)
              if err then error(err) end
            until not part
          end
        end)
      end
      if not s or not ok then
        refused = refused + 1
        assert(problem.kind and problem:kind() == errors.INVALID, format .. ": " .. tostring(problem))
      end
      local r, err = archive.open(damaged, limits)
      if r then
        for e in r:entries() do
          if e.type == "file" then _, err = r:read(e.name) end
          assert(not err or err:kind() == errors.INVALID, format .. ": " .. tostring(err))
        end
      else assert(err:kind() == errors.INVALID or err:kind() == errors.UNAVAILABLE, format .. ": " .. tostring(err)) end
    end
    assert(refused > 20, format .. ": " .. refused)
  end
end)

test("what can't be read or written is denied [archive.errors]", function()
  local vol = fresh("case:data", "denied")
  local file = vol:open("w.zip", "w")
  failed(errors.PERMISSION_DENIED, nil, archive.open, file, { format = "zip" })
  failed(errors.PERMISSION_DENIED, nil, archive.scan, file, { format = "zip" })
  file:close()
  vol:writefile("r.zip", "x")
  local w = assert(archive.create(vol:open("r.zip", "r"), { format = "zip" }))
  failed(errors.PERMISSION_DENIED, nil, w.add, w, "x", "data")
end)
