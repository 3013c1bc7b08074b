-- Packs and unpacks a file of many megabytes as streams; gives the seconds it took.
return {
  main = function(format, megabytes)
    local vol = assert(fs.get("bench:files"))
    -- Hardly smaller when packed, and no part again within a window: what is packed must not be held either.
    local parts = {}
    for p = 1, 4 do
      local words, seed = {}, p << 20
      for i = 1, 16384 do
        local x = (seed + i) * 0x9E3779B97F4A7C15
        words[i] = string.pack("<I8I8I8I8I8I8I8I8", x, x * 3, x * 5, x * 7, x * 11, x * 13, x * 17, x * 19)
      end
      parts[p] = table.concat(words)
    end
    local file = assert(vol:open("pack.bin", "w"))
    for i = 1, megabytes do assert(file:write(parts[i % #parts + 1])) end
    file:close()
    local started = time.now()
    local packed = assert(compress[format].encode(assert(vol:open("pack.bin", "r"))))
    local unpacked = assert(compress[format].decode(packed))
    local size = 0
    for chunk in function() return unpacked:read(262144) end do size = size + #chunk end
    assert(size == megabytes * #parts[1], size)
    unpacked:close()
    vol:remove("pack.bin")
    return time.now():sub(started):seconds()
  end,
}
