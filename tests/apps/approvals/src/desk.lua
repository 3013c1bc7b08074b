local sql = require("sql")

local function runs()
  local db = assert(sql.get("app:db"))
  local rows = assert(db:query("SELECT step, actor FROM runs ORDER BY at, step"))
  db:release()
  local all = {}
  for i, row in ipairs(rows) do all[i] = row.step .. " as " .. row.actor end
  return all
end

local VERBS = {start = flows.start, status = flows.status, signal = flows.signal, runs = runs}

local function handle(verb, ...)
  return VERBS[verb](...)
end

return {handle = handle}
