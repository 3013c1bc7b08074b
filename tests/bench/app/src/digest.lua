-- Digests a file of many megabytes with SHA-256, and removes it; gives the seconds it took.
return {
  main = function(megabytes)
    local vol = assert(fs.get("bench:files"))
    local part = ("0123456789abcdef"):rep(65536)
    local file = assert(vol:open("digested.txt", "w"))
    for _ = 1, megabytes do assert(file:write(part)) end
    file:close()
    local started = time.now()
    file = assert(vol:open("digested.txt", "r"))
    assert(#assert(hash.sha256(file)) == 64)
    assert(file:seek("cur", 0) == megabytes * #part)
    file:close()
    local seconds = time.now():sub(started):seconds()
    vol:remove("digested.txt")
    return seconds
  end,
}
