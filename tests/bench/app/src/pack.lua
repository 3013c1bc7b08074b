-- Packs and unpacks a file of many megabytes as streams; gives the seconds it took.
return {
  main = function(format, megabytes)
    local vol = assert(fs.get("bench:files"))
    local part = ("0123456789abcdef"):rep(65536)
    local file = assert(vol:open("pack.bin", "w"))
    for _ = 1, megabytes do assert(file:write(part)) end
    file:close()
    local started = time.now()
    local packed = assert(compress[format].encode(assert(vol:open("pack.bin", "r"))))
    local unpacked = assert(compress[format].decode(packed))
    local size = 0
    for chunk in function() return unpacked:read(262144) end do size = size + #chunk end
    assert(size == megabytes * #part, size)
    unpacked:close()
    vol:remove("pack.bin")
    return time.now():sub(started):seconds()
  end,
}
