-- modules: sql, funcs, time

local function refused(kind, message, value, err)
  assert(value == nil, "expected a failure, got " .. tostring(value))
  assert(err:kind() == kind, "kind " .. err:kind() .. ": " .. err:message())
  if message then assert(err:message() == message, err:message()) end
end

--- The database with an empty table made by `columns`.
local function fresh(name, columns)
  local db = assert(sql.get("case:db"))
  assert(db:execute("DROP TABLE IF EXISTS " .. name))
  assert(db:execute("CREATE TABLE " .. name .. " (" .. columns .. ")"))
  return db
end

test("a database is acquired by entry id [sql.get] [sql.errors.text]", function()
  local db = assert(sql.get("case:db"))
  assert(type(db) == "userdata")
  refused("Invalid", "resource id is required", sql.get(""))
  refused("Invalid", "resource id is required", sql.get(nil))
  refused("NotFound", nil, sql.get("case:nothing"))
  local value, err = sql.get("case:not_a_database")
  refused("Invalid", nil, value, err)
  assert(err:message():find("^resource is not a database: "), err:message())
end)

test("constants name types and isolation levels [sql.const]", function()
  assert(sql.type.POSTGRES == "postgres" and sql.type.MYSQL == "mysql" and sql.type.SQLITE == "sqlite" and sql.type.UNKNOWN == "unknown")
  for _, name in ipairs({ "DEFAULT", "READ_UNCOMMITTED", "READ_COMMITTED", "WRITE_COMMITTED", "REPEATABLE_READ", "SERIALIZABLE" }) do
    assert(sql.isolation[name] == name:lower())
  end
  assert(type(sql.NULL) == "userdata" and type(sql.as.null()) == "userdata")
end)

test("a database knows its type [sql.db.type] [kind.db.sql.sqlite]", function()
  for _, id in ipairs({ "case:db", "case:file_db", "case:aliased" }) do
    assert(assert(sql.get(id)):type() == sql.type.SQLITE)
  end
end)

test("rows are tables keyed by column, with exact types [sql.db.query] [sql.rows] [base.integers]", function()
  local db = fresh("types", "i INTEGER, f REAL, t TEXT, b BLOB, n INTEGER, yes BOOLEAN")
  assert(db:execute("INSERT INTO types VALUES (?, ?, ?, ?, ?, ?)", { 7, 2.0, "ü", "\255\0", nil, true }))
  local rows = assert(db:query("SELECT * FROM types"))
  assert(#rows == 1)
  local row = rows[1]
  assert(row.i == 7 and math.type(row.i) == "integer")
  assert(row.f == 2 and math.type(row.f) == "float")
  assert(row.t == "ü" and row.b == "\255\0" and row.n == nil and row.yes == true)
  local e = db:query("SELECT 1 + 1 AS a, 1.0 + 1 AS b, COUNT(*) AS c, AVG(i) AS d, 9223372036854775807 AS e, NULL AS f, 'x' AS g FROM types")[1]
  assert(math.type(e.a) == "integer" and math.type(e.b) == "float" and e.c == 1 and math.type(e.d) == "float")
  assert(e.e == math.maxinteger and math.type(e.e) == "integer" and e.f == nil and e.g == "x")
  local none = assert(db:query("SELECT * FROM types WHERE i = 0"))
  assert(type(none) == "table" and #none == 0 and next(none) == nil)
end)

test("dates are texts in UTC with whole seconds [sql.rows.time]", function()
  local db = fresh("dates", "id INTEGER, d DATETIME, t TIMESTAMP, day DATE")
  assert(db:execute("INSERT INTO dates VALUES (1, '2024-01-15 10:30:00', '2024-01-15T12:30:00.75+02:00', '2024-01-15')"))
  assert(db:execute("INSERT INTO dates VALUES (2, 1705314600, 1705314600000, 'someday')"))
  local rows = db:query("SELECT d, t, day FROM dates ORDER BY id")
  assert(rows[1].d == "2024-01-15T10:30:00Z" and rows[1].t == "2024-01-15T10:30:00Z" and rows[1].day == "2024-01-15T00:00:00Z")
  assert(rows[2].d == "2024-01-15T10:30:00Z" and rows[2].t == "2024-01-15T10:30:00Z" and rows[2].day == "someday")
end)

test("parameters keep integers, floats, texts and bytes [sql.db.params] [sql.as]", function()
  local db = assert(sql.get("case:db"))
  local function kind(value) return db:query("SELECT typeof(?) AS t", { value })[1].t end
  assert(kind(1) == "integer" and kind(1.0) == "real" and kind(1.5) == "real" and kind(math.mininteger) == "integer")
  assert(kind("x") == "text" and kind("\255") == "blob" and kind(true) == "integer" and kind(sql.NULL) == "null")
  assert(kind(sql.as.int(42.9)) == "integer" and kind(sql.as.float(3)) == "real" and kind(sql.as.text(5)) == "text")
  assert(kind(sql.as.binary("x")) == "blob" and kind(sql.as.null()) == "null" and kind(sql.as.int(nil)) == "null")
  local row = db:query("SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e", {
    sql.as.int(42.9), sql.as.int("-7"), sql.as.float("2.5"), sql.as.text(2.0), sql.as.binary("raw"),
  })[1]
  assert(row.a == 42 and row.b == -7 and row.c == 2.5 and row.d == "2.0" and row.e == "raw")
  assert(db:query("SELECT ? AS x", { sql.as.int(math.maxinteger) })[1].x == math.maxinteger)
  assert(not pcall(sql.as.int, "seven") and not pcall(sql.as.int, 1e300) and not pcall(sql.as.float, {}) and not pcall(sql.as.int))
end)

test("holes are NULL [sql.db.params]", function()
  local db = assert(sql.get("case:db"))
  local row = db:query("SELECT ? AS a, ? AS b, ? AS c", { 1, nil, 3 })[1]
  assert(row.a == 1 and row.b == nil and row.c == 3)
  row = db:query("SELECT ? IS NULL AS a, ? IS NULL AS b", { sql.NULL, nil })[1]
  assert(row.a == 1 and row.b == 1)
  local sparse = {}
  sparse[1], sparse[40] = "first", "last"
  local marks = string.rep("?, ", 38)
  row = db:query("SELECT ? AS a, " .. marks .. "? AS z", sparse)[1]
  assert(row.a == "first" and row.z == "last")
end)

test("parameters are one table or nothing [sql.db.query]", function()
  local db = assert(sql.get("case:db"))
  assert(#db:query("SELECT 1") == 1 and #db:query("SELECT 1", nil) == 1 and #db:query("SELECT 1", {}) == 1)
  for _, bad in ipairs({ 1, "x", true }) do
    refused("Invalid", "check params", db:query("SELECT ?", bad))
    refused("Invalid", "check params", db:execute("SELECT ?", bad))
  end
  refused("Invalid", "check params", db:query("SELECT ?", { name = 1 }))
  refused("Invalid", "check params", db:query("SELECT ?", { {} }))
  refused("Invalid", "check params", db:query("SELECT ?", { db }))
  refused("Invalid", nil, db:query("SELECT ?", { 1, 2 }))
  assert(not pcall(db.query, db))
end)

test("execute tells what it did [sql.db.execute] [sql.execute]", function()
  local db = fresh("effects", "id INTEGER PRIMARY KEY, v TEXT")
  local first = assert(db:execute("INSERT INTO effects (v) VALUES (?)", { "a" }))
  assert(first.last_insert_id == 1 and first.rows_affected == 1)
  assert(math.type(first.last_insert_id) == "integer" and math.type(first.rows_affected) == "integer")
  assert(db:execute("INSERT INTO effects (v) VALUES ('b'), ('c')").rows_affected == 2)
  assert(db:execute("UPDATE effects SET v = 'z'").rows_affected == 3)
  assert(db:execute("CREATE TABLE IF NOT EXISTS effects (id INTEGER)").rows_affected == 0)
  assert(db:execute("DELETE FROM effects WHERE id > 1").rows_affected == 2)
  assert(db:execute("SELECT * FROM effects").rows_affected == 0)
  local returned = db:query("INSERT INTO effects (v) VALUES ('r') RETURNING id, v")
  assert(returned[1].v == "r" and math.type(returned[1].id) == "integer")
end)

test("a text may hold several statements [sql.db.execute]", function()
  local db = assert(sql.get("case:db"))
  assert(db:execute([[
    DROP TABLE IF EXISTS several; -- first
    CREATE TABLE several (v TEXT);
    CREATE TRIGGER several_check BEFORE INSERT ON several BEGIN SELECT RAISE(ABORT, 'empty; refused') WHERE NEW.v = ''; END;
    INSERT INTO several VALUES ('a;b');
  ]]))
  assert(db:query("SELECT v FROM several")[1].v == "a;b")
  local last = assert(db:query("INSERT INTO several VALUES ('c'); SELECT COUNT(*) AS n FROM several"))
  assert(last[1].n == 2)
  refused("Invalid", nil, db:execute("DELETE FROM several; INSERT INTO several VALUES (?)", { "x" }))
  assert(db:query("SELECT COUNT(*) AS n FROM several")[1].n == 2)
  local _, err = db:execute("INSERT INTO several VALUES ('')")
  assert(err:message():find("empty; refused", 1, true))
end)

test("failures have kinds [sql.errors]", function()
  local db = fresh("kinds", "id INTEGER PRIMARY KEY, v TEXT NOT NULL, CHECK (v <> 'bad')")
  local _, err = db:query("SELEC 1")
  assert(err:kind() == "Invalid" and err:message():find("syntax error") and err:retryable() == false)
  refused("Invalid", "no such table: nowhere", db:query("SELECT * FROM nowhere"))
  refused("Invalid", nil, db:query(""))
  refused("Invalid", nil, db:query("-- nothing"))
  assert(db:execute("INSERT INTO kinds VALUES (1, 'x')"))
  refused("AlreadyExists", nil, db:execute("INSERT INTO kinds VALUES (1, 'y')"))
  refused("Invalid", nil, db:execute("INSERT INTO kinds VALUES (2, NULL)"))
  refused("Invalid", nil, db:execute("INSERT INTO kinds VALUES (2, 'bad')"))
end)

test("columns added later are seen by statements used before [sql.db.query]", function()
  local db = fresh("grown", "a INTEGER")
  assert(db:execute("INSERT INTO grown VALUES (1)"))
  local stmt = assert(db:prepare("SELECT * FROM grown"))
  assert(db:query("SELECT * FROM grown")[1].b == nil and stmt:query()[1].b == nil)
  assert(db:execute("ALTER TABLE grown ADD COLUMN b TEXT DEFAULT 'new'"))
  assert(db:query("SELECT * FROM grown")[1].b == "new")
  assert(stmt:query()[1].b == "new")
end)

test("prepared statements run until they are closed [sql.db.prepare] [sql.errors.text]", function()
  local db = fresh("prepared", "id INTEGER PRIMARY KEY, v TEXT")
  local insert = assert(db:prepare("INSERT INTO prepared (v) VALUES (?)"))
  for i = 1, 10 do
    local result = assert(insert:execute({ "v" .. i }))
    assert(result.last_insert_id == i and result.rows_affected == 1)
  end
  local select = assert(db:prepare("SELECT v FROM prepared WHERE id = ?"))
  assert(select:query({ 3 })[1].v == "v3" and select:query({ 4 })[1].v == "v4")
  refused("Invalid", "check params", select:query(3))
  assert(select:close() == true)
  refused("Invalid", "statement is closed", select:query({ 1 }))
  refused("Invalid", "statement is closed", select:execute({ 1 }))
  refused("Invalid", "statement is already closed", select:close())
  refused("Invalid", nil, db:prepare("SELEC"))
  refused("Invalid", nil, db:prepare("SELECT 1; SELECT 2"))
end)

test("stats tell of the one connection [sql.db.stats]", function()
  local db = assert(sql.get("case:db"))
  local stats = assert(db:stats())
  assert(stats.max_open_connections == 1 and stats.open_connections == 1 and stats.in_use == 0 and stats.idle == 1)
  for _, name in ipairs({ "wait_count", "wait_duration", "max_idle_closed", "max_idle_time_closed", "max_lifetime_closed" }) do
    assert(math.type(stats[name]) == "integer", name)
  end
  local tx = assert(db:begin())
  assert(db:stats().in_use == 1 and db:stats().idle == 0)
  assert(tx:rollback())
  assert(db:stats().in_use == 0)
end)

test("a released database can't be used [sql.db.release]", function()
  local db = assert(sql.get("case:db"))
  assert(db:release() == true)
  refused("Invalid", nil, db:query("SELECT 1"))
  refused("Invalid", nil, db:execute("SELECT 1"))
  refused("Invalid", nil, db:begin())
  refused("Invalid", nil, db:type())
  assert(assert(sql.get("case:db")):query("SELECT 1 AS one")[1].one == 1)
end)

test("a file database is made with its folder, in WAL mode [kind.db.sql.sqlite]", function()
  local db = assert(sql.get("case:file_db"))
  assert(db:query("PRAGMA journal_mode")[1].journal_mode == "wal")
  assert(db:query("PRAGMA foreign_keys")[1].foreign_keys == 0)
  assert(db:execute("CREATE TABLE IF NOT EXISTS kept (v TEXT)"))
  assert(db:execute("INSERT INTO kept VALUES (\"double quotes\")"))
  assert(db:query("SELECT v FROM kept")[1].v == "double quotes")
end)

test("a committed transaction stays, a rolled back one does not [sql.tx.begin] [sql.tx.ops] [sql.tx.end]", function()
  local db = fresh("tx", "v TEXT")
  local tx = assert(db:begin({ isolation = sql.isolation.SERIALIZABLE, read_only = false }))
  assert(tx:db_type() == "sqlite")
  assert(tx:execute("INSERT INTO tx VALUES (?)", { "kept" }).rows_affected == 1)
  assert(tx:query("SELECT v FROM tx")[1].v == "kept")
  local stmt = assert(tx:prepare("INSERT INTO tx VALUES (?)"))
  assert(stmt:execute({ "also" }).rows_affected == 1)
  assert(tx:commit() == true)
  refused("Invalid", "transaction is not active", stmt:execute({ "late" }))
  tx = assert(db:begin())
  assert(tx:execute("DELETE FROM tx").rows_affected == 2)
  assert(tx:rollback() == true)
  assert(db:query("SELECT COUNT(*) AS n FROM tx")[1].n == 2)
end)

test("an ended transaction is not active [sql.tx.ops] [sql.tx.end] [sql.errors.text]", function()
  local db = fresh("ended", "v TEXT")
  for _, ending in ipairs({ "commit", "rollback" }) do
    local tx = assert(db:begin())
    assert(tx[ending](tx) == true)
    for _, method in ipairs({ "commit", "rollback" }) do refused("Invalid", "transaction is not active", tx[method](tx)) end
    refused("Invalid", "transaction is not active", tx:query("SELECT 1"))
    refused("Invalid", "transaction is not active", tx:execute("DELETE FROM ended"))
    refused("Invalid", "transaction is not active", tx:prepare("SELECT 1"))
    refused("Invalid", "transaction is not active", tx:savepoint("a"))
    assert(tx:db_type() == "sqlite")
  end
end)

test("options of begin are checked [sql.tx.begin]", function()
  local db = fresh("options", "v TEXT")
  refused("Invalid", nil, db:begin("serializable"))
  refused("Invalid", nil, db:begin({ isolation = "snapshot" }))
  refused("Invalid", nil, db:begin({ read_only = "yes" }))
  for _, level in pairs(sql.isolation) do
    local tx = assert(db:begin({ isolation = level }))
    assert(tx:rollback())
  end
  local tx = assert(db:begin({ read_only = true }))
  local _, err = tx:execute("INSERT INTO options VALUES ('x')")
  assert(err:message():find("readonly"), err:message())
  assert(#tx:query("SELECT * FROM options") == 0)
  assert(tx:commit())
  assert(db:execute("INSERT INTO options VALUES ('x')").rows_affected == 1)
end)

test("savepoints undo a part [sql.tx.savepoint] [sql.errors.text]", function()
  local db = fresh("saved", "v TEXT")
  local tx = assert(db:begin())
  assert(tx:execute("INSERT INTO saved VALUES ('one')"))
  assert(tx:savepoint("sp_1") == true)
  assert(tx:execute("INSERT INTO saved VALUES ('two')"))
  assert(tx:savepoint("2nd"))
  assert(tx:execute("INSERT INTO saved VALUES ('three')"))
  assert(tx:rollback_to("2nd") == true)
  assert(tx:release("2nd") == true)
  assert(tx:query("SELECT COUNT(*) AS n FROM saved")[1].n == 2)
  assert(tx:rollback_to("sp_1"))
  refused("Invalid", "savepoint name is required", tx:savepoint(""))
  refused("Invalid", "savepoint name is required", tx:savepoint())
  refused("Invalid", "savepoint name can only contain alphanumeric characters and underscores", tx:savepoint("a b"))
  refused("Invalid", "savepoint name can only contain alphanumeric characters and underscores", tx:rollback_to('x"; DROP TABLE saved'))
  assert(tx:rollback_to("no_such") == nil)
  assert(tx:commit())
  local rows = db:query("SELECT v FROM saved")
  assert(#rows == 1 and rows[1].v == "one")
end)

test("a failed commit rolls back and frees the connection [sql.tx.end]", function()
  local db = assert(sql.get("case:db"))
  assert(db:execute("DROP TABLE IF EXISTS child; DROP TABLE IF EXISTS parent; PRAGMA foreign_keys = ON"))
  assert(db:execute("CREATE TABLE parent (id INTEGER PRIMARY KEY); CREATE TABLE child (p INTEGER REFERENCES parent(id) DEFERRABLE INITIALLY DEFERRED)"))
  local tx = assert(db:begin())
  assert(tx:execute("INSERT INTO child VALUES (99)"))
  refused("Invalid", nil, tx:commit())
  refused("Invalid", "transaction is not active", tx:rollback())
  assert(db:query("SELECT COUNT(*) AS n FROM child")[1].n == 0)
  assert(db:execute("PRAGMA foreign_keys = OFF"))
  tx = assert(db:begin())
  assert(tx:commit())
end)

test("a transaction left behind is rolled back when its function ends [sql.db.release] [sql.tx.end]", function()
  local db = fresh("left_behind", "how TEXT")
  assert(funcs.call("case:leaver", "return") == "return")
  assert(funcs.call("case:leaver", "error") == nil)
  assert(db:query("SELECT COUNT(*) AS n FROM left_behind")[1].n == 0)
  assert(db:stats().in_use == 0)
end)

test("others wait while a transaction holds the connection [sql.tx.begin]", function()
  local db = fresh("turns", "name TEXT")
  local waiting, begun, done = process.listen("waiting"), process.listen("begun"), process.listen("done")
  local tx = assert(db:begin())
  assert(tx:execute("INSERT INTO turns VALUES ('first')"))
  local waits = db:stats().wait_count
  for _, name in ipairs({ "second", "third" }) do
    assert(process.spawn("case:beginner", "case:host", process.pid(), name))
    assert(waiting:receive() == name)
  end
  assert(process.spawn("case:waiter", "case:host", process.pid(), "INSERT INTO turns VALUES ('fourth')"))
  waiting:receive()
  while db:stats().wait_count < waits + 3 do time.sleep("1ms") end
  assert(tx:query("SELECT COUNT(*) AS n FROM turns")[1].n == 1)
  assert(tx:commit())
  local order = {}
  for i = 1, 3 do
    local value = done:receive()
    order[i] = type(value) == "table" and value[1] or value
  end
  assert(begun:receive() == "second" and begun:receive() == "third")
  local names = {}
  for i, row in ipairs(db:query("SELECT name FROM turns ORDER BY rowid")) do names[i] = row.name end
  assert(table.concat(names, ",") == "first,second,third,fourth", table.concat(names, ","))
  assert(db:stats().wait_duration > 0)
end)

test("a process that ends while it waits leaves the others their turn [sql.tx.begin]", function()
  local db = fresh("turns", "name TEXT")
  local waiting = process.listen("waiting")
  local tx = assert(db:begin())
  local waits = db:stats().wait_count
  local gone = assert(process.spawn("case:beginner", "case:host", process.pid(), "gone"))
  assert(waiting:receive() == "gone")
  while db:stats().wait_count < waits + 1 do time.sleep("1ms") end
  assert(process.terminate(gone))
  assert(tx:commit())
  assert(db:query("SELECT COUNT(*) AS n FROM turns")[1].n == 0)
  assert(db:stats().in_use == 0)
end)
