-- Point selects per second.
return {
  main = function(count)
    local db = assert(sql.get("bench:db"))
    assert(db:execute("CREATE TEMPORARY TABLE item (id INTEGER PRIMARY KEY, name TEXT, price DOUBLE PRECISION)"))
    assert(db:execute("INSERT INTO item SELECT i, 'item ' || i, i * 0.5 FROM generate_series(1, 1000) AS i"))
    local function run(n)
      for i = 1, n do
        local rows = assert(db:query("SELECT id, name, price FROM item WHERE id = $1", { i % 1000 + 1 }))
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
