--- Applies and reverts the migrations of a database.
---
--- ```lua
--- local runner = require("runner").setup("app:db")
--- local result = runner:run()
--- ```
---
--- RU1. The first that fails ends a run: those behind it are left as they are.
--- RU2. What was applied is reverted in the opposite order.

local funcs = require("funcs")
local sql = require("sql")
local time = require("time")

local ALREADY_APPLIED = "Migration already applied"

--- Which migrations are considered, and how many are reverted.
type Choice = {tags: {string}?, allowed_ids: {string}?, count: integer?}

--- How one migration ended; `duration` in seconds.
type Item = {
  id: string,
  name: string,
  status: string,
  reason: string?,
  error: string?,
  duration: number
}

--- How a run ended: `complete` or `error`; `duration` in seconds.
type Report = {
  status: string,
  error: string?,
  migrations_found: integer,
  migrations_applied: integer,
  migrations_reverted: integer,
  migrations_skipped: integer,
  migrations_failed: integer,
  duration: number,
  migrations: {Item},
  skipped_details: {{id: string, name: string, reason: string, skip_type: string}}
}

local Runner = {}
Runner.__index = Runner

local function new_report(): Report
  return {
    status = "complete",
    migrations_found = 0,
    migrations_applied = 0,
    migrations_reverted = 0,
    migrations_skipped = 0,
    migrations_failed = 0,
    duration = 0,
    migrations = {},
    skipped_details = {},
  }
end

local function failed(report: Report, why: any): Report
  report.status = "error"
  report.error = type(why) == "string" and why or tostring(why)
  return report
end

local function set_of(list: {string}?): {[string]: boolean}?
  if list == nil then return nil end
  local set = {}
  for _, each in ipairs(list) do set[each] = true end
  return set
end

local function skip(report: Report, id: string, name: string, reason: string)
  report.migrations_skipped = report.migrations_skipped + 1
  report.skipped_details[#report.skipped_details + 1] = {
    id = id,
    name = name,
    reason = reason,
    skip_type = reason == ALREADY_APPLIED and "already_applied" or "other",
  }
end

--- Counts what the function of a migration told.
local function count(report: Report, items: {any})
  for _, each in ipairs(items) do
    report.migrations[#report.migrations + 1] = {
      id = each.id,
      name = each.description,
      status = each.status,
      reason = each.reason,
      error = each.error,
      duration = each.duration,
    }
    if each.status == "applied" then
      report.migrations_applied = report.migrations_applied + 1
    elseif each.status == "reverted" then
      report.migrations_reverted = report.migrations_reverted + 1
    elseif each.status == "error" then
      report.migrations_failed = report.migrations_failed + 1
    else
      skip(report, each.id, each.description, each.reason or "")
    end
  end
end

--- Runs a migration; returns why it failed.
function Runner:call(report: Report, id: string, direction: string): string?
  local result, err = funcs.call(id, {
    database_id = self.database_id,
    direction = direction,
    id = id
  })
  if err ~= nil then result = {status = "error", error = tostring(err)} end
  if type(result) ~= "table" or type(result.status) ~= "string" then
    result = {
      status = "error",
      error = "it returned no result: its source must return what migration.define gives"
    }
  end
  count(report, result.migrations or {})
  if result.status == "complete" then return nil end
  -- One that could not be tried told of nothing.
  if result.status == "error" then
    count(report, {
      {id = id, description = "", status = "error", error = result.error, duration = 0}
    })
  end
  return id .. ": " .. tostring(result.error)
end

--- What was applied to the database, in that order.
function Runner:applied(): (any, string?, any)
  local db, err = sql.get(self.database_id)
  if err ~= nil then return nil, nil, err end
  local db_type: any, unknown = db:type()
  local failure = unknown or ledger.create(db, db_type)
  local rows
  if failure == nil then rows, failure = ledger.list(db, db_type) end
  db:release()
  if failure ~= nil then return nil, nil, failure end
  return rows, db_type, nil
end

--- The migrations that a choice leaves, and what was applied, by id.
function Runner:chosen(choice: Choice): (any, any)
  local found, err = migrations.find({target_db = self.database_id, tags = choice.tags})
  if err ~= nil then return nil, err end
  local allowed = set_of(choice.allowed_ids)
  local entries = {}
  for _, entry in ipairs(found) do
    if allowed == nil or allowed[entry.id] then entries[#entries + 1] = entry end
  end
  local rows, _, failure = self:applied()
  if failure ~= nil then return nil, failure end
  local applied = {}
  for _, row in ipairs(rows) do applied[row.id] = row end
  return entries, applied
end

local function seconds_since(began: time.Time): number
  return time.now():sub(began):seconds()
end

--- Applies what is pending, at most `most` of it.
function Runner:apply(choice: Choice, most: number): Report
  local began = time.now()
  local report = new_report()
  local entries, applied = self:chosen(choice)
  if entries == nil then return failed(report, applied) end
  report.migrations_found = #entries
  for _, entry in ipairs(entries) do
    local known = applied[entry.id]
    if known ~= nil then
      skip(report, entry.id, known.description, ALREADY_APPLIED)
    elseif report.migrations_applied < most then
      local why = self:call(report, entry.id, "up")
      if why ~= nil then
        failed(report, why)
        break
      end
    end
  end
  report.duration = seconds_since(began)
  return report
end

--- Applies everything that is pending; with `tags` what has one of them.
function Runner:run(options: Choice?): Report
  return self:apply({tags = (options or {}).tags}, math.huge)
end

--- Applies the next that is pending, of those that `tags` and `allowed_ids` leave.
function Runner:run_next(options: Choice?): Report
  return self:apply(options or {}, 1)
end

--- Reverts the last `count` that were applied (1), of those that `allowed_ids` leaves.
function Runner:rollback(options: Choice?): Report
  local choice = options or {}
  local most = choice.count or 1
  local began = time.now()
  local report = new_report()
  local rows, _, failure = self:applied()
  if failure ~= nil then return failed(report, failure) end
  report.migrations_found = #rows
  local allowed = set_of(choice.allowed_ids)
  local done = {}
  for n = #rows, 1, -1 do
    -- Several of one entry are reverted together.
    local id = rows[n].id:match("^[^#]*")
    if report.migrations_reverted >= most then break end
    if not done[id] and (allowed == nil or allowed[id]) then
      done[id] = true
      local entry, missing = migrations.get(id)
      local why = entry == nil
          and tostring(missing) .. ", which was applied to " .. self.database_id
        or self:call(report, id, "down")
      if why ~= nil then
        failed(report, why)
        break
      end
    end
  end
  report.duration = seconds_since(began)
  return report
end

local function status_item(id: string, entry: any, known: any): any
  return {
    id = id,
    description = known ~= nil and known.description
      or entry.meta.description
      or entry.meta.comment
      or "",
    timestamp = entry ~= nil and entry.meta.timestamp or nil,
    tags = entry ~= nil and migrations.tags_of(entry) or {},
    status = known ~= nil and "applied" or "pending",
    applied_at = known ~= nil and known.applied_at or nil,
  }
end

--- All migrations of the database: what was applied, in that order, and what is pending, in the order in which it will be.
function Runner:status(options: Choice?): (any, any)
  local rows, db_type, failure = self:applied()
  if failure ~= nil then return nil, failure end
  local entries, err = migrations.find({target_db = self.database_id, tags = (options or {}).tags})
  if err ~= nil then return nil, err end
  local by_id, applied = {}, {}
  for _, entry in ipairs(entries) do by_id[entry.id] = entry end
  local items = {}
  for _, row in ipairs(rows) do
    applied[row.id] = true
    items[#items + 1] = status_item(row.id, by_id[row.id], row)
  end
  local applied_count = #items
  for _, entry in ipairs(entries) do
    if not applied[entry.id] then items[#items + 1] = status_item(entry.id, entry, nil) end
  end
  return {
    database_id = self.database_id,
    db_type = db_type,
    total_migrations = #items,
    applied_migrations = applied_count,
    pending_migrations = #items - applied_count,
    migrations = items,
  }
end

local M = {}

--- A runner for the database with that id.
function M.setup(database_id: string): any
  if type(database_id) ~= "string" or not database_id:find(":", 1, true) then
    error("setup: the id of a database expected, such as app:db", 2)
  end
  return setmetatable({database_id = database_id}, Runner)
end

return M
