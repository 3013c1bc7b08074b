local security = require("security")
local sql = require("sql")
local time = require("time")

--- Counts how often a step began, and for whom.
local function began(step)
  local db = assert(sql.get("app:db"))
  assert(
    db:execute("CREATE TABLE IF NOT EXISTS runs (at INTEGER PRIMARY KEY, step TEXT, actor TEXT)")
  )
  assert(db:execute("INSERT INTO runs (step, actor) VALUES (?, ?)", {step, security.actor():id()}))
  local count = assert(db:query("SELECT COUNT(*) AS n FROM runs WHERE step = ?", {step}))[1].n
  db:release()
  return count
end

local function draft(given)
  began("draft")
  return given.text:upper()
end

local function release(given)
  began("release")
  return {released = given.legal and given.finance.amount > 0, amount = given.finance.amount}
end

--- Ends only when it has begun before: the first time the program is killed meanwhile.
local function fall_over()
  if began("fall_over") == 1 then time.sleep("1h") end
  return "stood up"
end

return {draft = draft, release = release, fall_over = fall_over}
