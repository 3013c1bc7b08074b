-- Rows per second that come from SQLite, or go there.
return {
  main = function(what, count)
    local db = assert(sql.get("bench:db"))
    db:execute("CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY, name TEXT, price REAL)")
    for i = 1, 1000 do db:execute("INSERT OR REPLACE INTO item VALUES (?, ?, ?)", { i, "item " .. i, i * 0.5 }) end
    local runs = {
      point = function(n)
        for i = 1, n do
          local rows = db:query("SELECT id, name, price FROM item WHERE id = ?", { i % 1000 + 1 })
          if rows[1].id ~= i % 1000 + 1 then error("wrong row") end
        end
      end,
      rows = function(n)
        for i = 1, n // 1000 do
          local rows = db:query("SELECT id, name, price FROM item ORDER BY id")
          if rows[1000].id ~= 1000 then error("wrong row") end
        end
      end,
      insert = function(n)
        local tx = assert(db:begin())
        for i = 1, n do
          local done = tx:execute("INSERT OR REPLACE INTO item VALUES (?, ?, ?)", { i % 100000 + 1, "an item", i * 0.5 })
          if done.rows_affected ~= 1 then error("no row") end
        end
        assert(tx:commit())
      end,
    }
    local run = runs[what]
    run(count // 10)
    local started = time.now()
    run(count)
    local took = time.now():sub(started):seconds()
    db:release()
    return count / took
  end,
}
