--- The table `_migrations`: what was applied to a database, and when.
---
--- LE1. Who changes it holds its lock: of several programs that migrate one database, one does at a time.

local time = require("time")

local LOCK_SECONDS = 300
local LOCK_NAME = "wippy_migrations"

--- An applied migration; `applied_at` as the database has it: Unix seconds in SQLite, a text in the others.
type Applied = {id: string, description: string, applied_at: any}

local CREATE = {
  sqlite = [[
    CREATE TABLE IF NOT EXISTS _migrations (
      id VARCHAR(512) PRIMARY KEY,
      applied_at INTEGER NOT NULL,
      description TEXT NOT NULL
    )]],
  postgres = [[
    CREATE TABLE IF NOT EXISTS _migrations (
      id VARCHAR(512) PRIMARY KEY,
      applied_at TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
      description TEXT NOT NULL
    )]],
  mysql = [[
    CREATE TABLE IF NOT EXISTS _migrations (
      id VARCHAR(512) PRIMARY KEY,
      applied_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
      description TEXT NOT NULL
    )]],
}

local M = {}

--- Makes the table where it is missing. `db` is a database or a transaction on one.
function M.create(db: any, db_type: string): error?
  local statement = CREATE[db_type]
  if statement == nil then
    return errors.new({
      kind = errors.INVALID,
      message = "migrations know no databases of the type " .. db_type
    })
  end
  local _, err = db:execute(statement)
  -- Postgres refuses one of two that make it at the same moment.
  if err ~= nil and db_type == "postgres" then _, err = db:execute(statement) end
  return err
end

--- What was applied, in that order.
function M.list(db: any, db_type: string): ({Applied}?, error?)
  -- Several in one second are told apart by the order of their rows.
  local order = db_type == "sqlite" and "applied_at, rowid" or "applied_at, id"
  return db:query("SELECT id, description, applied_at FROM _migrations ORDER BY " .. order)
end

local function mark(db_type: string): string
  return db_type == "postgres" and "$1" or "?"
end

--- Whether a migration was applied.
function M.has(tx: any, db_type: string, id: string): (boolean?, error?)
  local rows, err = tx:query("SELECT id FROM _migrations WHERE id = " .. mark(db_type), {id})
  if err ~= nil then return nil, err end
  return #rows > 0
end

--- Waits until nobody else migrates this database; the lock is held until the transaction ends, or `unlock`.
function M.lock(tx: any, db_type: string): error?
  if db_type == "mysql" then
    local rows, err = tx:query("SELECT GET_LOCK(?, ?) AS got", {LOCK_NAME, LOCK_SECONDS})
    if err ~= nil then return err end
    if rows[1].got == 1 then return nil end
    return errors.new({
      kind = errors.TIMEOUT,
      message = "another program migrates this database",
      retryable = true
    })
  end
  local statement = db_type == "postgres" and "LOCK TABLE _migrations IN SHARE ROW EXCLUSIVE MODE"
    or "DELETE FROM _migrations WHERE id IS NULL"
  local _, err = tx:execute(statement)
  return err
end

--- Ends the transaction well, and gives up the lock.
function M.commit(tx: any, db_type: string): error?
  if db_type ~= "mysql" then
    local _, err = tx:commit()
    return err
  end
  -- Its locks do not end with transactions: what was done has to be there before the next program looks.
  local _, err = tx:execute("COMMIT")
  tx:query("SELECT RELEASE_LOCK(?) AS released", {LOCK_NAME})
  local _, ended = tx:commit()
  return err or ended
end

--- Takes everything back, and gives up the lock.
function M.rollback(tx: any, db_type: string)
  if db_type == "mysql" then
    tx:execute("ROLLBACK")
    tx:query("SELECT RELEASE_LOCK(?) AS released", {LOCK_NAME})
  end
  tx:rollback()
end

--- Writes down that a migration was reverted.
function M.remove(tx: any, db_type: string, id: string): error?
  local _, err = tx:execute("DELETE FROM _migrations WHERE id = " .. mark(db_type), {id})
  return err
end

--- Writes down that a migration was applied now.
function M.add(tx: any, db_type: string, id: string, description: string): error?
  local _, err
  if db_type == "sqlite" then
    _, err = tx:execute(
      "INSERT OR REPLACE INTO _migrations (id, applied_at, description) VALUES (?, ?, ?)",
      {id, time.now():unix(), description}
    )
    return err
  end
  err = M.remove(tx, db_type, id)
  if err ~= nil then return err end
  local values = db_type == "postgres" and "$1, $2" or "?, ?"
  _, err = tx:execute("INSERT INTO _migrations (id, description) VALUES (" .. values .. ")", {
    id,
    description
  })
  return err
end

return M
