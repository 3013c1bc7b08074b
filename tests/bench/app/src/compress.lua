-- Megabytes per second of compressing or decompressing 1 MB of text.
return {
  main = function(format, what, count)
    local words = {}
    for i = 1, 20000 do words[i] = ("item %d costs %d euros in town %d;"):format(i, i * 7919 % 1000, i % 100) end
    local text = table.concat(words, "\n"):rep(2):sub(1, 1 << 20)
    -- Not part of what is measured: a collector would look at each again and again.
    words = nil
    local packed = assert(compress[format].encode(text))
    local fn, input = compress[format][what], what == "encode" and text or packed
    for _ = 1, count // 10 do assert(fn(input)) end
    local started = time.now()
    for _ = 1, count do fn(input) end
    return #text * count / 1e6 / time.now():sub(started):seconds()
  end,
}
