-- modules: store, sql, time

local function refused(kind, message, value, err)
  assert(value == nil, "expected a failure, got " .. tostring(value))
  assert(err:kind() == kind, "kind " .. err:kind() .. ": " .. err:message())
  if message then assert(err:message() == message, err:message()) end
end

local function prepare()
  local db = assert(sql.get("case:db"))
  assert(db:execute("CREATE TABLE IF NOT EXISTS kv_store (key TEXT PRIMARY KEY, value BLOB NOT NULL, expires_at BIGINT)"))
  assert(db:execute("CREATE TABLE IF NOT EXISTS other (k TEXT PRIMARY KEY, payload BLOB NOT NULL, until_time BIGINT)"))
end

--- Runs `check` with each kind of store.
local function each(check)
  prepare()
  for _, id in ipairs({ "case:memory", "case:table", "case:renamed" }) do check(assert(store.get(id)), id) end
end

test("a store is acquired by entry id [store.get]", function()
  assert(tostring(store.get("case:memory")) == "store.Store{}")
  refused("Invalid", nil, store.get(""))
  refused("NotFound", nil, store.get("case:nothing"))
  refused("Invalid", nil, store.get("case:not_a_store"))
end)

test("what is set is read, replaced and deleted [store.set] [store.read] [store.has] [store.delete] [kind.store.sql] [kind.store.sql.table]", function()
  each(function(s)
    assert(s:set("k", "one") == true)
    assert(s:get("k") == "one" and s:has("k") == true)
    assert(s:set("k", "two") == true and s:get("k") == "two")
    assert(s:delete("k") == true and s:delete("k") == false)
    refused("NotFound", "key not found", s:get("k"))
    refused("NotFound", "key not found", s:entry("k"))
    assert(s:has("k") == false)
  end)
end)

test("values keep their types [store.set] [base.integers]", function()
  each(function(s)
    for _, value in ipairs({ 1, 1.0, 1.5, -0.0, math.maxinteger, math.mininteger, 1e300, 1 / 0, "", "text ü", "\255\0\128", true, false }) do
      assert(s:set("v", value))
      local back = s:get("v")
      assert(back == value and math.type(back) == math.type(value), tostring(value) .. " became " .. tostring(back))
    end
    local value = { list = { 1, 2.0, { "x" } }, empty = {}, [5] = "five", [true] = "yes", nested = { deep = { deeper = 3.0 } } }
    assert(s:set("t", value))
    local back = s:get("t")
    assert(back.list[1] == 1 and math.type(back.list[2]) == "float" and back.list[3][1] == "x" and #back.list == 3)
    assert(type(back.empty) == "table" and next(back.empty) == nil and back[5] == "five" and back[true] == "yes")
    assert(math.type(back.nested.deep.deeper) == "float")
  end)
end)

test("a stored table is a copy [store.set]", function()
  each(function(s)
    local value = { n = 1 }
    s:set("copy", value)
    value.n = 2
    local first = s:get("copy")
    assert(first.n == 1)
    first.n = 3
    assert(s:get("copy").n == 1)
  end)
end)

test("nil and handles can't be stored [store.set]", function()
  each(function(s)
    refused("Invalid", nil, s:set("k", nil))
    refused("Invalid", nil, s:set("k", function() end))
    refused("Invalid", nil, s:set("k", s))
    refused("Invalid", nil, s:set("", 1))
  end)
end)

test("an entry has key, value and version [store.entry] [store.put]", function()
  each(function(s)
    local made = assert(s:put("e", { a = 1 }))
    assert(made.key == "e" and made.value.a == 1 and type(made.version) == "string")
    local read = assert(s:entry("e"))
    assert(read.key == "e" and read.value.a == 1 and read.version == made.version)
  end)
end)

test("memory stores write under conditions [store.put] [store.put.support] [store.errors]", function()
  local s = assert(store.get("case:memory"))
  s:delete("c")
  local first = assert(s:put("c", 1, { only_if_absent = true }))
  refused("AlreadyExists", "key already exists", s:put("c", 2, { only_if_absent = true }))
  local second = assert(s:put("c", 2, { if_version = first.version }))
  assert(second.version ~= first.version)
  local _, err = s:put("c", 3, { if_version = first.version })
  refused("Conflict", "version mismatch", _, err)
  assert(err:retryable() == true)
  assert(s:get("c") == 2)
  refused("Conflict", nil, s:put("absent", 1, { if_version = "1" }))
  refused("Invalid", "invalid store options", s:put("c", 1, { only_if_absent = true, if_version = "1" }))
end)

test("SQL stores have no conditions [store.put.support]", function()
  prepare()
  local s = assert(store.get("case:table"))
  refused("Invalid", "operation not supported by this store", s:put("x", 1, { only_if_absent = true }))
  refused("Invalid", "operation not supported by this store", s:put("x", 1, { if_version = "" }))
  assert(s:has("x") == false)
end)

test("options of the wrong form are refused [store.errors]", function()
  each(function(s)
    refused("Invalid", "invalid store options", s:put("k", 1, "x"))
    refused("Invalid", "invalid store options", s:put("k", 1, { ttl = -1 }))
    refused("Invalid", "invalid store options", s:put("k", 1, { only_if_absent = "yes" }))
    refused("Invalid", "invalid store options", s:list({ limit = -1 }))
    refused("Invalid", "invalid store options", s:list({ prefix = 5 }))
    refused("Invalid", "invalid store options", s:set("k", 1, "soon"))
  end)
end)

test("listing goes in key order by pages [store.list]", function()
  each(function(s)
    for i = 25, 1, -1 do assert(s:set(string.format("list:%02d", i), i)) end
    s:set("lisu", "beyond")
    s:set("lis", "before")
    local keys, after = {}, nil
    repeat
      local page = assert(s:list({ prefix = "list:", limit = 10, after = after }))
      assert(#page.items <= 10)
      for _, e in ipairs(page.items) do
        assert(e.value == tonumber(e.key:sub(6)))
        keys[#keys + 1] = e.key
      end
      after = page.cursor
    until not page.has_more
    assert(#keys == 25 and keys[1] == "list:01" and keys[10] == "list:10" and keys[25] == "list:25")
    local empty = assert(s:list({ prefix = "nothing:" }))
    assert(#empty.items == 0 and empty.has_more == false)
    assert(#s:list().items >= 27)
  end)
end)

test("keys with wildcards and capitals are just keys [store.list]", function()
  each(function(s)
    for _, key in ipairs({ "w%:a", "w_:b", "wx:c", "W%:d", "w%:é" }) do s:set(key, 1) end
    local page = assert(s:list({ prefix = "w%:" }))
    assert(#page.items == 2 and page.items[1].key == "w%:a" and page.items[2].key == "w%:é")
  end)
end)

test("a store tells what it can do [store.info] [store.const]", function()
  prepare()
  local memory = assert(store.get("case:memory")):info()
  assert(memory.id == "case:memory" and memory.backend == store.backend.MEMORY and memory.consistency == store.consistency.LOCAL)
  assert(memory.durable == false and memory.list and memory.versioned and memory.conditional_put and memory.ttl)
  local table = assert(store.get("case:table")):info()
  assert(table.backend == store.backend.SQL and table.durable and table.list and table.ttl)
  assert(table.versioned == false and table.conditional_put == false)
  assert(store.backend.KV_RAFT == "kv.raft" and store.backend.KV_CRDT == "kv.crdt" and store.backend.UNKNOWN == "unknown")
  assert(store.consistency.LINEARIZABLE == "linearizable" and store.consistency.EVENTUAL == "eventual" and store.consistency.UNKNOWN == "unknown")
end)

test("a full memory store refuses new keys only [kind.store.memory]", function()
  local s = assert(store.get("case:small"))
  for i = 1, 3 do assert(s:set("k" .. i, i)) end
  refused("LimitExceeded", nil, s:set("k4", 4))
  assert(s:set("k1", "again") and s:get("k1") == "again")
  assert(s:delete("k2") and s:set("k4", 4))
end)

test("a released store can't be used [store.release] [undoc.tostring]", function()
  local s = assert(store.get("case:memory"))
  assert(s:release() == true)
  assert(tostring(s) == "store.Store{released}")
  for _, method in ipairs({ "get", "entry", "has", "delete" }) do refused("Invalid", nil, s[method](s, "k")) end
  refused("Invalid", nil, s:set("k", 1))
  refused("Invalid", nil, s:put("k", 1))
  refused("Invalid", nil, s:list())
  refused("Invalid", nil, s:info())
end)

test("an entry in a table whose time is over is gone [store.ttl]", function()
  prepare()
  local s = assert(store.get("case:table"))
  assert(s:set("fresh", 1, 60) and s:get("fresh") == 1)
  local db = sql.get("case:db")
  local row = db:query("SELECT expires_at FROM kv_store WHERE key = 'fresh'")[1]
  assert(math.type(row.expires_at) == "integer" and row.expires_at >= os.time() + 59 and row.expires_at <= os.time() + 62)
  assert(db:execute("UPDATE kv_store SET expires_at = ? WHERE key = 'fresh'", { math.tointeger(os.time()) - 1 }).rows_affected == 1)
  refused("NotFound", "key not found", s:get("fresh"))
  assert(s:has("fresh") == false and s:delete("fresh") == false)
  assert(#s:list({ prefix = "fresh" }).items == 0)
  assert(s:put("fresh", 2, { ttl = 60 }) and s:get("fresh") == 2)
  assert(s:set("fresh", 3) and db:query("SELECT expires_at FROM kv_store WHERE key = 'fresh'")[1].expires_at == nil)
end)

test("a table that is not there is an error of the store [kind.store.sql]", function()
  local db = sql.get("case:db")
  assert(db:execute("DROP TABLE IF EXISTS kv_store"))
  local s = assert(store.get("case:table"))
  local value, err = s:get("x")
  assert(value == nil and err:message():find("no such table"), tostring(err))
  prepare()
end)
