-- modules: sql

local b = sql.builder

local function prints(query, text, ...)
  local written, args = query:to_sql()
  assert(written == text, tostring(written))
  local wanted = table.pack(...)
  assert(#args == wanted.n, #args .. " values")
  for i = 1, wanted.n do
    -- NULL is a mark, not a value to compare with.
    local same = args[i] == wanted[i] or type(args[i]) == "userdata" and wanted[i] == sql.NULL
    assert(same and math.type(args[i]) == math.type(wanted[i]), "value " .. i .. " is " .. tostring(args[i]))
  end
end

local function refused(value, err)
  assert(value == nil and err:kind() == "Invalid", tostring(err))
end

local function fresh()
  local db = assert(sql.get("case:db"))
  assert(db:execute([[
    DROP TABLE IF EXISTS users; DROP TABLE IF EXISTS orders;
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, email TEXT, score REAL DEFAULT 0, active INTEGER DEFAULT 1);
    CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER, total REAL);
  ]]))
  for i = 1, 6 do
    assert(db:execute("INSERT INTO users (name, score, active) VALUES (?, ?, ?)", { "user" .. i, i * 10.0, i % 2 }))
    for j = 1, i do assert(db:execute("INSERT INTO orders (user_id, total) VALUES (?, ?)", { i, j * 1.5 })) end
  end
  return db
end

test("select writes its clauses in order [sql.builder.new] [sql.select.methods]", function()
  local query = b.select("u.id", "u.name")
    :columns("COUNT(o.id) AS n")
    :from("users u")
    :left_join("orders o ON o.user_id = u.id AND o.total > ?", 1.5)
    :inner_join("a ON a.id = u.id"):right_join("c ON c.id = u.id"):join("d ON d.id = u.id")
    :where({ ["u.active"] = 1, ["u.kind"] = "x" })
    :group_by("u.id", "u.name")
    :having(b.gt({ n = 2 }))
    :order_by("n DESC", "u.name")
    :limit(10):offset(5):distinct()
    :suffix("FOR UPDATE OF ?", "u")
  prints(query, "SELECT DISTINCT u.id, u.name, COUNT(o.id) AS n FROM users u LEFT JOIN orders o ON o.user_id = u.id AND o.total > ? "
    .. "INNER JOIN a ON a.id = u.id RIGHT JOIN c ON c.id = u.id JOIN d ON d.id = u.id WHERE u.active = ? AND u.kind = ? "
    .. "GROUP BY u.id, u.name HAVING n > ? ORDER BY n DESC, u.name LIMIT 10 OFFSET 5 FOR UPDATE OF ?", 1.5, 1, "x", 2, "u")
end)

test("a builder never changes [sql.select.methods]", function()
  local base = b.select("id"):from("users")
  local filtered = base:where({ id = 1 })
  local limited = filtered:limit(3)
  prints(base, "SELECT id FROM users")
  prints(filtered, "SELECT id FROM users WHERE id = ?", 1)
  prints(limited, "SELECT id FROM users WHERE id = ? LIMIT 3", 1)
end)

test("conditions are texts, tables or objects [sql.select.where] [sql.builder.cond]", function()
  local s = b.select("id"):from("t")
  prints(s:where("a = ? AND b < ?", 1, 2.0), "SELECT id FROM t WHERE a = ? AND b < ?", 1, 2.0)
  prints(s:where({ a = 1 }):where("c"):where(b.lte({ d = 2 })), "SELECT id FROM t WHERE a = ? AND c AND d <= ?", 1, 2)
  prints(s:where(b.eq({ a = { 1, 2, 3 } })), "SELECT id FROM t WHERE a IN (?,?,?)", 1, 2, 3)
  prints(s:where({ a = sql.NULL }), "SELECT id FROM t WHERE a IS NULL")
  prints(s:where(b.not_eq({ a = sql.NULL, b = { 1 } })), "SELECT id FROM t WHERE a IS NOT NULL AND b NOT IN (?)", 1)
  prints(s:where(b.lt({ a = 1 })):where(b.gte({ b = 2 })), "SELECT id FROM t WHERE a < ? AND b >= ?", 1, 2)
  prints(s:where(b.like({ a = "x%" })):where(b.not_like({ b = "%y" })), "SELECT id FROM t WHERE a LIKE ? AND b NOT LIKE ?", "x%", "%y")
  prints(s:having("COUNT(*) > ?", 1), "SELECT id FROM t HAVING COUNT(*) > ?", 1)
  prints(s:having({ n = 1 }), "SELECT id FROM t HAVING n = ?", 1)
  assert(not pcall(s.where, s, 5))
end)

test("conditions combine [sql.builder.logic] [sql.builder.expr]", function()
  prints(b.and_({ b.eq({ a = 1 }), b.gt({ c = 2 }) }), "(a = ? AND c > ?)", 1, 2)
  prints(b.or_({ { status = "new" }, { status = "open", kind = 1 } }), "(status = ? OR kind = ? AND status = ?)", "new", 1, "open")
  prints(b.and_({ b.or_({ { a = 1 }, { b = 2 } }), b.expr("c BETWEEN ? AND ?", 3, 4) }), "((a = ? OR b = ?) AND c BETWEEN ? AND ?)", 1, 2, 3, 4)
  prints(b.expr("LOWER(?)", "X"), "LOWER(?)", "X")
  local inner = b.select("user_id"):from("orders"):where({ total = 5 })
  prints(b.select("id"):from("users"):where(b.expr("id IN ?", inner)), "SELECT id FROM users WHERE id IN (SELECT user_id FROM orders WHERE total = ?)", 5)
  assert(not pcall(b.and_, "a = 1") and not pcall(b.eq, "a") and not pcall(b.or_, { 5 }))
end)

test("placeholders are written in the format asked for [sql.builder.placeholders]", function()
  local s = b.select("id"):from("t"):where("a = ? AND b = '?' AND c = ?", 1, 2)
  prints(s, "SELECT id FROM t WHERE a = ? AND b = '?' AND c = ?", 1, 2)
  prints(s:placeholder_format(b.dollar), "SELECT id FROM t WHERE a = $1 AND b = '?' AND c = $2", 1, 2)
  prints(s:placeholder_format(b.at), "SELECT id FROM t WHERE a = @p1 AND b = '?' AND c = @p2", 1, 2)
  prints(s:placeholder_format(b.colon), "SELECT id FROM t WHERE a = :1 AND b = '?' AND c = :2", 1, 2)
  prints(s:placeholder_format(b.dollar):placeholder_format(b.question), "SELECT id FROM t WHERE a = ? AND b = '?' AND c = ?", 1, 2)
  prints(s:placeholder_format(b.default_placeholder), "SELECT id FROM t WHERE a = ? AND b = '?' AND c = ?", 1, 2)
  prints(b.insert("t"):values(1):placeholder_format(b.dollar), "INSERT INTO t VALUES ($1)", 1)
  prints(b.update("t"):set("a", 1):where({ b = 2 }):placeholder_format(b.dollar), "UPDATE t SET a = $1 WHERE b = $2", 1, 2)
  prints(b.delete("t"):where({ b = 2 }):placeholder_format(b.dollar), "DELETE FROM t WHERE b = $1", 2)
  assert(not pcall(s.placeholder_format, s, "dollar"))
end)

test("insert takes rows, maps and selects [sql.insert.methods]", function()
  prints(b.insert():into("users"):columns("name", "email"):values("a", sql.NULL):values("b", b.expr("UPPER(?)", "x")),
    "INSERT INTO users (name,email) VALUES (?,?),(?,UPPER(?))", "a", sql.NULL, "b", "x")
  prints(b.insert("users"):set_map({ name = "a", email = "e" }), "INSERT INTO users (email,name) VALUES (?,?)", "e", "a")
  prints(b.insert("users"):columns("name"):select(b.select("name"):from("old"):where({ id = 1 })), "INSERT INTO users (name) SELECT name FROM old WHERE id = ?", 1)
  prints(b.insert("users"):options("OR", "IGNORE"):prefix("WITH x AS (SELECT ?)", 1):columns("name"):values("a"):suffix("RETURNING id"),
    "WITH x AS (SELECT ?) INSERT OR IGNORE INTO users (name) VALUES (?) RETURNING id", 1, "a")
  local text, args = b.insert("t"):values(1, nil):to_sql()
  assert(text == "INSERT INTO t VALUES (?,?)" and #args == 2)
end)

test("update sets columns and expressions [sql.update.methods]", function()
  prints(b.update():table("t"):set("a", 1):set("b", b.expr("b + ?", 2)):where({ id = 3 }), "UPDATE t SET a = ?, b = b + ? WHERE id = ?", 1, 2, 3)
  prints(b.update("t"):set_map({ z = 1, y = b.expr("NOW()"), x = sql.NULL }), "UPDATE t SET x = ?, y = NOW(), z = ?", sql.NULL, 1)
  prints(b.update("t"):set("a", 1):order_by("b DESC"):limit(2):offset(1):suffix("RETURNING ?", 9), "UPDATE t SET a = ? ORDER BY b DESC LIMIT 2 OFFSET 1 RETURNING ?", 1, 9)
  prints(b.update("t"):set("a", b.expr("s.a")):from("s"), "UPDATE t SET a = s.a FROM s")
  prints(b.update("t"):set("a", 1):from_select(b.select("*"):from("s"):where({ k = 2 }), "q"):where("q.id = t.id"),
    "UPDATE t SET a = ? FROM (SELECT * FROM s WHERE k = ?) AS q WHERE q.id = t.id", 1, 2)
  prints(b.update("t"):set("a", b.select("MAX(x)"):from("s")), "UPDATE t SET a = (SELECT MAX(x) FROM s)")
end)

test("delete has conditions and bounds [sql.delete.methods]", function()
  prints(b.delete():from("t"):where({ a = 1 }):order_by("b"):limit(5):offset(2):suffix("RETURNING id"),
    "DELETE FROM t WHERE a = ? ORDER BY b LIMIT 5 OFFSET 2 RETURNING id", 1)
end)

test("an incomplete query can't be written or run [sql.errors]", function()
  local db = fresh()
  refused(b.select():from("t"):to_sql())
  refused(b.insert("t"):to_sql())
  refused(b.insert():values(1):to_sql())
  refused(b.update("t"):to_sql())
  refused(b.delete():to_sql())
  refused(b.select("a"):from("t"):where(b.lt({ a = sql.NULL })):to_sql())
  refused(b.insert("t"):columns("a", "b"):values(1):to_sql())
  refused(b.delete():run_with(db):exec())
  refused(b.select():run_with(db):query())
end)

test("a query runs on a database or transaction [sql.executor]", function()
  local db = fresh()
  local executor = b.select("name"):from("users"):where(b.gt({ score = 30 })):order_by("id"):run_with(db)
  local rows = assert(executor:query())
  assert(#rows == 3 and rows[1].name == "user4")
  local text, args = executor:to_sql()
  assert(text == "SELECT name FROM users WHERE score > ? ORDER BY id" and args[1] == 30)
  local result = assert(b.insert("users"):columns("name", "email", "score"):values("new", sql.NULL, sql.as.float(5)):run_with(db):exec())
  assert(result.last_insert_id == 7 and result.rows_affected == 1)
  local row = db:query("SELECT email, score FROM users WHERE id = 7")[1]
  assert(row.email == nil and math.type(row.score) == "float")
  local tx = assert(db:begin())
  assert(b.update("users"):set("active", 0):run_with(tx):exec().rows_affected == 7)
  assert(b.select("COUNT(*) AS n"):from("users"):where({ active = 0 }):run_with(tx):query()[1].n == 7)
  assert(tx:rollback())
  refused(b.select("1"):run_with(tx):query())
  assert(b.select("COUNT(*) AS n"):from("users"):where({ active = 0 }):run_with(db):query()[1].n == 3)
  assert(not pcall(function() b.select("1"):run_with("case:db") end))
end)

test("joins and groups give what SQL gives [sql.executor]", function()
  local db = fresh()
  local rows = assert(b.select("u.id", "u.name", "COUNT(o.id) AS order_count")
    :from("users u"):left_join("orders o ON o.user_id = u.id")
    :where(b.and_({ b.eq({ ["u.active"] = 1 }), b.gte({ ["u.score"] = 30 }) }))
    :group_by("u.id", "u.name"):having(b.gt({ ["COUNT(o.id)"] = 3 })):order_by("order_count DESC"):limit(10)
    :run_with(db):query())
  assert(#rows == 1 and rows[1].name == "user5" and rows[1].order_count == 5)
  local found = b.select("id"):from("users"):where({ id = b.select("user_id"):from("orders"):where({ total = 9.0 }) }):run_with(db):query()
  assert(#found == 1 and found[1].id == 6)
end)

test("bounded changes touch only so many rows [sql.update.methods] [sql.delete.methods]", function()
  local db = fresh()
  assert(b.update("users"):set("name", "top"):order_by("score DESC"):limit(2):run_with(db):exec().rows_affected == 2)
  local rows = db:query("SELECT id FROM users WHERE name = 'top' ORDER BY id")
  assert(#rows == 2 and rows[1].id == 5 and rows[2].id == 6)
  assert(b.delete("users"):where({ active = 1 }):order_by("id"):limit(1):offset(1):run_with(db):exec().rows_affected == 1)
  assert(#db:query("SELECT id FROM users WHERE id = 3") == 0 and #db:query("SELECT id FROM users") == 5)
end)

test("arguments of the wrong type are raised [sql.builder.new]", function()
  assert(not pcall(b.select, {}))
  local s = b.select("a"):from("t")
  for _, bad in ipairs({ -1, 1.5, "many" }) do assert(not pcall(s.limit, s, bad)) end
  assert(not pcall(s.from, s))
  assert(not pcall(b.insert("t").set_map, b.insert("t"), { 1, 2 }))
end)
