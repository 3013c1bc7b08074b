-- modules: source, funcs, time

local function bytes(count)
  local part = {}
  for i = 1, 256 do part[i] = string.char((i - 1) * 7 % 256) end
  return table.concat(part):rep(count // 256 + 1):sub(1, count)
end

local function internal(message, value, err)
  assert(value == nil and err:kind() == errors.INTERNAL, tostring(value) .. " " .. tostring(err and err:kind()))
  assert(err:message() == message, err:message())
end

test("read gives at most the size, a default chunk of 32 KiB, and nil at the end [stream.read] [stream.api]", function()
  local s = source.fast(bytes(70000))
  assert(s:read(10) == bytes(10))
  assert(#s:read() == 32768 and #s:read(0) == 32768)
  assert(#s:read(-1) == 70000 - 10 - 2 * 32768)
  for _ = 1, 2 do
    local chunk, err = s:read(10)
    assert(chunk == nil and err == nil)
  end
end)

test("a read may give less than was asked, and waits for what comes later [stream.read] [stream.api]", function()
  local slow, total = source.slow(bytes(70000), 1000), {}
  while true do
    local piece, err = slow:read(4096)
    assert(err == nil)
    if piece == nil then break end
    assert(#piece <= 1000)
    total[#total + 1] = piece
  end
  assert(table.concat(total) == bytes(70000))
end)

test("write gives the number of bytes [stream.write]", function()
  for _, make in ipairs({ source.fast, source.slow }) do
    local s = make("", 1)
    assert(s:write("abc\0\255") == 5)
    assert(s:write("") == 0 and s:write("d") == 1)
    assert(source.written(source.count()) == "abc\0\255d")
  end
end)

test("seek moves and tells the place [stream.seek]", function()
  local s = source.fast(bytes(100))
  assert(s:seek("end", -10) == 90 and #s:read(100) == 10)
  assert(s:seek("set", 5) == 5 and s:seek("cur", 2) == 7 and s:seek("cur") == 7)
  local none, err = s:seek("middle", 1)
  assert(none == nil and err:kind() == errors.INVALID)
  assert(s:stat().position == 7)
end)

test("flush answers true, also where there is nothing to flush [stream.flush]", function()
  local ok, err = source.fast(""):flush()
  assert(ok == true and err == nil and source.bare():flush() == true)
end)

test("stat tells size, place and abilities [stream.stat]", function()
  local s = source.fast(bytes(9))
  s:read(4)
  local info = s:stat()
  assert(info.size == 9 and info.position == 4 and info.readable and info.writable and info.seekable)
  local bare = source.bare():stat()
  assert(bare.size == -1 and bare.position == 3)
  assert(bare.readable == false and bare.writable == false and bare.seekable == false)
end)

test("close can be repeated and closes once [stream.close]", function()
  local s = source.fast("x")
  local number = source.count()
  assert(s:close() == true and s:close() == true and source.closed(number) == 1)
end)

test("a stream that is left open closes with its process [stream.close]", function()
  local number = funcs.call("case:leaves_open")
  for _ = 1, 1000 do
    if source.closed(number) == 1 then break end
    time.sleep("1ms")
  end
  assert(source.closed(number) == 1)
end)

local function tokens(s, split)
  local scanner, found = assert(s:scanner(split)), {}
  while true do
    local has, err = scanner:scan()
    assert(err == nil and scanner:err() == nil)
    if not has then break end
    found[#found + 1] = scanner:text()
  end
  assert(scanner:scan() == false and scanner:text() == "")
  return table.concat(found, "|")
end

test("scanners cut lines, words, bytes and characters [stream.scanner]", function()
  local text = "first line\r\n\nthird\u{a0} wörd 😀\nno end"
  assert(tokens(source.fast(text), "lines") == "first line||third\u{a0} wörd 😀|no end")
  assert(tokens(source.slow(text, 1), "words") == "first|line|third|wörd|😀|no|end")
  assert(tokens(source.fast("aé"), "bytes") == "a|\xc3|\xa9")
  local mixed = "a\xc3\xa9\xff\xf0\x9f\x98\x80\xe2\x82"
  assert(tokens(source.slow(mixed, 3), "runes") == "a|é|\u{fffd}|😀|\u{fffd}|\u{fffd}")
end)

test("another way to cut is invalid, a token without end too long [stream.scanner]", function()
  local none, err = source.fast("x"):scanner("pages")
  assert(none == nil and err:kind() == errors.INVALID)
  local long = source.fast(("x"):rep(3000000)):scanner("lines")
  local has, why = long:scan()
  assert(has == false and why:kind() == errors.INTERNAL and long:err() == "token too long")
end)

test("scan tells what went wrong, err repeats it [stream.scanner.methods]", function()
  local scanner = source.broken():scanner("lines")
  assert(scanner:text() == "" and scanner:err() == nil)
  assert(scanner:scan() == true and scanner:text() == "one")
  local has, err = scanner:scan()
  assert(has == false and err:kind() == errors.INTERNAL and err:message() == "disk on fire")
  assert(scanner:err() == "disk on fire" and scanner:scan() == false)
end)

test("closed, not readable, not writable and failing streams are internal errors [stream.errors]", function()
  local closed = source.fast("12345")
  closed:close()
  for _, method in ipairs({ "read", "flush", "stat", "scanner" }) do
    internal("stream is closed", closed[method](closed))
  end
  internal("stream is closed", closed:write("x"))
  local bare = source.bare()
  internal("stream is not readable", bare:read())
  internal("stream is not writable", bare:write("x"))
  internal("stream is not seekable", bare:seek("set", 0))
  local broken = source.broken()
  assert(broken:read() == "one\ntw")
  internal("disk on fire", broken:read())
  internal("gone", broken:write("x"))
  internal("not yours", broken:flush())
end)
