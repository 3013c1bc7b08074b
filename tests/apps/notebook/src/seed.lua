local sql = require("sql")

local function run()
  local db, err = sql.get("app:db")
  if err then return {status = "error", message = tostring(err)} end
  local rows, failure = db:query("SELECT count(*) AS n FROM notes")
  if failure == nil and rows[1].n > 0 then
    db:release()
    return {status = "skipped", message = "there are notes"}
  end
  if failure == nil then
    _, failure = db:execute("INSERT INTO notes (text, tag) VALUES (?, ?)", {"Welcome", "first"})
  end
  db:release()
  if failure then return {status = "error", message = tostring(failure)} end
  return {status = "success", message = "a first note"}
end

return {run = run}
