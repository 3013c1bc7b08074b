local sql = require("sql")
local logger = require("logger")

local function main(): integer
  local db = assert(sql.get("app:db"))
  assert(db:execute([[
    CREATE TABLE IF NOT EXISTS tasks (
      id TEXT PRIMARY KEY,
      action TEXT NOT NULL,
      status TEXT NOT NULL,
      result TEXT,
      attempts INTEGER NOT NULL
    )
  ]]))
  db:release()
  logger:info("schema is ready")
  return 0
end

return {main = main}
