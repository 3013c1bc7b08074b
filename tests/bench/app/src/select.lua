-- Point selects per second.
return {
  main = function(count)
    local db = assert(sql.get("bench:db"))
    db:execute("CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, name TEXT, price REAL)")
    for i = 1, 1000 do db:execute("INSERT OR REPLACE INTO item VALUES (?, ?, ?)", { i, "item " .. i, i * 0.5 }) end
    local function run(n)
      for i = 1, n do
        local rows = db:query("SELECT id, name, price FROM item WHERE id = ?", { i % 1000 + 1 })
        if rows[1].id ~= i % 1000 + 1 then error("wrong row") end
      end
    end
    run(count // 10)
    local started = time.now()
    run(count)
    local took = time.now():sub(started):seconds()
    db:release()
    return count / took
  end,
}
