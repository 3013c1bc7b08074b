local sql = require("sql")
local logger = require("logger")
local crypto = require("crypto")

local function main(): integer
  local db = assert(sql.get("app:db"))
  assert(db:execute("CREATE TABLE IF NOT EXISTS keys (key TEXT PRIMARY KEY, user TEXT NOT NULL)"))
  local rows = assert(db:query("SELECT key FROM keys WHERE user = ?", {"demo"}))
  if rows[1] then
    logger:info("demo key exists", {key = rows[1].key})
  else
    local key = assert(crypto.random.string(32))
    assert(db:execute("INSERT INTO keys (key, user) VALUES (?, ?)", {key, "demo"}))
    logger:info("demo key created", {key = key})
  end
  db:release()
  return 0
end

return {main = main}
