--- Statements on the database of the parameter. Values stand where `?` does.

local sql = require("sql")

type Values = {any}

local M = {}

--- `?` as Postgres counts them.
local function numbered(statement: string): string
  local n = 0
  return (statement:gsub("%?", function(): string
    n = n + 1
    return "$" .. n
  end))
end

local function with_database(act: (db: sql.DB, as_said: (text: string) -> string) -> (any, any)): (
  any,
  any
)
  local id, unknown = settings.database()
  if id == nil then return nil, unknown end
  local db, err = sql.get(id)
  if db == nil then return nil, err end
  local db_type, failed = db:type()
  if db_type == nil then
    db:release()
    return nil, failed
  end
  local as_said = function(text: string): string
    return db_type == "postgres" and numbered(text) or text
  end
  local ok, result, refused = pcall(act, db, as_said)
  db:release()
  if not ok then error(result, 0) end
  return result, refused
end

--- The rows of a query.
function M.query(statement: string, values: Values?): ({any}?, error?)
  return with_database(function(db: sql.DB, as_said: (text: string) -> string): (any, any)
    return db:query(as_said(statement), values or {})
  end)
end

--- The first row of a query, or nothing.
function M.first(statement: string, values: Values?): (any, error?)
  local rows, err = M.query(statement, values)
  if rows == nil then return nil, err end
  return rows[1]
end

--- The number of rows that a statement has changed.
function M.execute(statement: string, values: Values?): (integer?, error?)
  return with_database(function(db: sql.DB, as_said: (text: string) -> string): (any, any)
    local result, err = db:execute(as_said(statement), values or {})
    if result == nil then return nil, err end
    return result.rows_affected
  end)
end

--- A value that may be missing, as a column has it.
function M.or_null(value: any): any
  if value == nil then return sql.NULL end
  return value
end

return M
