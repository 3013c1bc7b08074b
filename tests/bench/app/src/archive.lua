-- Packs a file of many megabytes into an archive, unpacks it again, and removes everything; gives the seconds it took.
return {
  main = function(format, megabytes)
    local vol = assert(fs.get("bench:files"))
    local words = {}
    for i = 1, 40000 do words[i] = ("%d %s"):format(i, hash.sha256("word" .. i):sub(1, 20)) end
    local part = table.concat(words):sub(1, 1 << 20)
    local file = assert(vol:open("big.txt", "w"))
    for _ = 1, megabytes do assert(file:write(part)) end
    file:close()
    local started = time.now()
    local w = assert(archive.create(vol, "big." .. format))
    assert(w:add_file("big.txt", vol, "big.txt"))
    assert(w:close())
    local size = 0
    for e, stream in archive.scan(vol, "big." .. format):walk() do
      for chunk in function() return stream:read(65536) end do size = size + #chunk end
    end
    assert(size == megabytes * #part)
    local seconds = time.now():sub(started):seconds()
    vol:remove("big.txt")
    vol:remove("big." .. format)
    return seconds
  end,
}
