local sql = require("sql")

local function list()
  local db = assert(sql.get("app:db"))
  local rows = assert(db:query("SELECT text, tag FROM notes ORDER BY id"))
  db:release()
  return rows
end

return {list = list}
