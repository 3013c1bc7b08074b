-- Milliseconds for one document of about 10 MB: tables to text, or text to tables.
local function document(rows)
  local list = {}
  for i = 1, rows do
    list[i] = {
      id = i, name = "customer " .. i, email = "customer" .. i .. "@example.com", active = i % 3 == 0,
      balance = i * 1.25, tags = { "new", "north", "tag " .. i % 10 },
      address = { street = i .. " Long Street", city = "Town " .. i % 100, zip = 10000 + i % 90000 },
    }
  end
  return { version = 1, rows = list }
end

return {
  main = function(what, rows)
    local tables = document(rows)
    local text = assert(json.encode(tables))
    local times = {}
    for i = 1, 5 do
      local started = time.now()
      if what == "encode" then
        assert(#json.encode(tables) == #text)
      else
        assert(#json.decode(text).rows == rows)
      end
      times[i] = time.now():sub(started):seconds() * 1e3
    end
    table.sort(times)
    return times[3]
  end,
}
