local http = require("http")
local sql = require("sql")

local function handler()
  local request, response = http.request(), http.response()
  local db = assert(sql.get("app:db"))
  local query = sql.builder.select("id", "action", "status", "result", "attempts")
    :from("tasks")
    :order_by("id")
    :limit(100)
  local status = request:query("status")
  if status then query = query:where({status = status}) end
  local rows = assert(query:run_with(db):query())
  db:release()
  response:write_json({tasks = rows, count = #rows})
end

return {handler = handler}
