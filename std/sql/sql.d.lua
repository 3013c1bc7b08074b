--- SQL databases: queries, transactions, prepared statements and a query builder.
--- Placeholders go to the database as written: `?` for SQLite and MySQL, `$1` for Postgres. Types that Lua has no value for (decimals, UUIDs,
--- arrays, JSON) are texts; dates and times are texts in UTC such as `2024-01-15T10:30:00Z`. A deadlock or a failed serialization is
--- `errors.CONFLICT` and may be tried again; a statement ends with the process that runs it.
---
--- ```lua
--- local sql = require("sql")
---
--- local db = assert(sql.get("app:db"))
--- db:execute("CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)")
--- db:execute("INSERT INTO users (name) VALUES (?), (?)", { "Ada", "Grace" })
---
--- local rows = assert(db:query("SELECT name FROM users WHERE id > ? ORDER BY id", { 0 }))
--- assert(rows[1].name == "Ada" and #rows == 2)
---
--- local tx = assert(db:begin())
--- tx:execute("DELETE FROM users")
--- tx:rollback()
--- assert(db:query("SELECT count(*) AS n FROM users")[1].n == 2)
--- db:release()
--- ```

sql.type: {POSTGRES: string, MYSQL: string, SQLITE: string, UNKNOWN: string}
sql.isolation: {
  DEFAULT: string,
  READ_UNCOMMITTED: string,
  READ_COMMITTED: string,
  WRITE_COMMITTED: string,
  REPEATABLE_READ: string,
  SERIALIZABLE: string
}

--- A parameter with a type of its own.
type sql.Typed = userdata
--- How the builder writes placeholders.
type sql.PlaceholderFormat = userdata
--- Marks NULL where nil can't stand.
sql.NULL: sql.Typed

type sql.Row = {[string]: any}
type sql.Params = {any}
--- Effect of a statement. Postgres knows no last id, so it is 0 there: query with `RETURNING` instead.
type sql.Result = {last_insert_id: integer, rows_affected: integer}
--- State of a connection pool; `wait_duration` in nanoseconds.
type sql.Stats = {
  max_open_connections: integer,
  open_connections: integer,
  in_use: integer,
  idle: integer,
  wait_count: integer,
  wait_duration: integer,
  max_idle_closed: integer,
  max_idle_time_closed: integer,
  max_lifetime_closed: integer
}

--- A prepared statement.
type sql.Statement = {
  query: (self: sql.Statement, params: sql.Params?) -> ({sql.Row}?, error?),
  execute: (self: sql.Statement, params: sql.Params?) -> (sql.Result?, error?),
  close: (self: sql.Statement) -> (boolean?, error?)
}

--- An open transaction. It is rolled back when it is dropped without an end.
type sql.Transaction = {
  db_type: (self: sql.Transaction) -> (string?, error?),
  query: (self: sql.Transaction, sql: string, params: sql.Params?) -> ({sql.Row}?, error?),
  execute: (self: sql.Transaction, sql: string, params: sql.Params?) -> (sql.Result?, error?),
  prepare: (self: sql.Transaction, sql: string) -> (sql.Statement?, error?),
  commit: (self: sql.Transaction) -> (boolean?, error?),
  rollback: (self: sql.Transaction) -> (boolean?, error?),
  savepoint: (self: sql.Transaction, name: string) -> (boolean?, error?),
  rollback_to: (self: sql.Transaction, name: string) -> (boolean?, error?),
  release: (self: sql.Transaction, name: string) -> (boolean?, error?)
}

--- A database.
type sql.DB = {
  type: (self: sql.DB) -> (string?, error?),
  query: (self: sql.DB, sql: string, params: sql.Params?) -> ({sql.Row}?, error?),
  execute: (self: sql.DB, sql: string, params: sql.Params?) -> (sql.Result?, error?),
  prepare: (self: sql.DB, sql: string) -> (sql.Statement?, error?),
  begin: (self: sql.DB, options: {isolation?: string, read_only?: boolean}?) -> (sql.Transaction?, error?),
  stats: (self: sql.DB) -> (sql.Stats?, error?),
  release: (self: sql.DB) -> (boolean?, error?)
}

--- A condition or raw expression for a query.
type sql.Sqlizer = {to_sql: (self: sql.Sqlizer) -> (string?, any)}

--- A query about to run on a database or transaction.
type sql.QueryExecutor = {
  query: (self: sql.QueryExecutor) -> ({sql.Row}?, error?),
  exec: (self: sql.QueryExecutor) -> (sql.Result?, error?),
  to_sql: (self: sql.QueryExecutor) -> (string?, any)
}

--- A SELECT in the making; every step makes another builder.
type sql.SelectBuilder = {
  from: (self: sql.SelectBuilder, table: string) -> sql.SelectBuilder,
  columns: (self: sql.SelectBuilder, ...: any) -> sql.SelectBuilder,
  distinct: (self: sql.SelectBuilder) -> sql.SelectBuilder,
  join: (self: sql.SelectBuilder, join: string, ...: any) -> sql.SelectBuilder,
  left_join: (self: sql.SelectBuilder, join: string, ...: any) -> sql.SelectBuilder,
  right_join: (self: sql.SelectBuilder, join: string, ...: any) -> sql.SelectBuilder,
  inner_join: (self: sql.SelectBuilder, join: string, ...: any) -> sql.SelectBuilder,
  where: (self: sql.SelectBuilder, condition: any, ...: any) -> sql.SelectBuilder,
  group_by: (self: sql.SelectBuilder, ...: string) -> sql.SelectBuilder,
  having: (self: sql.SelectBuilder, condition: any, ...: any) -> sql.SelectBuilder,
  order_by: (self: sql.SelectBuilder, ...: any) -> sql.SelectBuilder,
  limit: (self: sql.SelectBuilder, n: integer) -> sql.SelectBuilder,
  offset: (self: sql.SelectBuilder, n: integer) -> sql.SelectBuilder,
  suffix: (self: sql.SelectBuilder, sql: string, ...: any) -> sql.SelectBuilder,
  placeholder_format: (self: sql.SelectBuilder, format: sql.PlaceholderFormat) -> sql.SelectBuilder,
  to_sql: (self: sql.SelectBuilder) -> (string?, any),
  run_with: (self: sql.SelectBuilder, db: any) -> sql.QueryExecutor
}

--- An INSERT in the making.
type sql.InsertBuilder = {
  into: (self: sql.InsertBuilder, table: string) -> sql.InsertBuilder,
  columns: (self: sql.InsertBuilder, ...: string) -> sql.InsertBuilder,
  values: (self: sql.InsertBuilder, ...: any) -> sql.InsertBuilder,
  set_map: (self: sql.InsertBuilder, map: {[string]: any}) -> sql.InsertBuilder,
  select: (self: sql.InsertBuilder, query: sql.SelectBuilder) -> sql.InsertBuilder,
  prefix: (self: sql.InsertBuilder, sql: string, ...: any) -> sql.InsertBuilder,
  options: (self: sql.InsertBuilder, ...: string) -> sql.InsertBuilder,
  suffix: (self: sql.InsertBuilder, sql: string, ...: any) -> sql.InsertBuilder,
  placeholder_format: (self: sql.InsertBuilder, format: sql.PlaceholderFormat) -> sql.InsertBuilder,
  to_sql: (self: sql.InsertBuilder) -> (string?, any),
  run_with: (self: sql.InsertBuilder, db: any) -> sql.QueryExecutor
}

--- An UPDATE in the making.
type sql.UpdateBuilder = {
  table: (self: sql.UpdateBuilder, table: string) -> sql.UpdateBuilder,
  set: (self: sql.UpdateBuilder, column: string, value: any) -> sql.UpdateBuilder,
  set_map: (self: sql.UpdateBuilder, map: {[string]: any}) -> sql.UpdateBuilder,
  where: (self: sql.UpdateBuilder, condition: any, ...: any) -> sql.UpdateBuilder,
  order_by: (self: sql.UpdateBuilder, ...: any) -> sql.UpdateBuilder,
  limit: (self: sql.UpdateBuilder, n: integer) -> sql.UpdateBuilder,
  offset: (self: sql.UpdateBuilder, n: integer) -> sql.UpdateBuilder,
  from: (self: sql.UpdateBuilder, table: string) -> sql.UpdateBuilder,
  from_select: (self: sql.UpdateBuilder, query: sql.SelectBuilder, alias: string) -> sql.UpdateBuilder,
  suffix: (self: sql.UpdateBuilder, sql: string, ...: any) -> sql.UpdateBuilder,
  placeholder_format: (self: sql.UpdateBuilder, format: sql.PlaceholderFormat) -> sql.UpdateBuilder,
  to_sql: (self: sql.UpdateBuilder) -> (string?, any),
  run_with: (self: sql.UpdateBuilder, db: any) -> sql.QueryExecutor
}

--- A DELETE in the making.
type sql.DeleteBuilder = {
  from: (self: sql.DeleteBuilder, table: string) -> sql.DeleteBuilder,
  where: (self: sql.DeleteBuilder, condition: any, ...: any) -> sql.DeleteBuilder,
  order_by: (self: sql.DeleteBuilder, ...: any) -> sql.DeleteBuilder,
  limit: (self: sql.DeleteBuilder, n: integer) -> sql.DeleteBuilder,
  offset: (self: sql.DeleteBuilder, n: integer) -> sql.DeleteBuilder,
  suffix: (self: sql.DeleteBuilder, sql: string, ...: any) -> sql.DeleteBuilder,
  placeholder_format: (self: sql.DeleteBuilder, format: sql.PlaceholderFormat) -> sql.DeleteBuilder,
  to_sql: (self: sql.DeleteBuilder) -> (string?, any),
  run_with: (self: sql.DeleteBuilder, db: any) -> sql.QueryExecutor
}

--- The database of an entry.
function sql.get(id: string): (sql.DB?, error?)

--- A whole number; fractions are cut off.
function sql.as.int(value: any): sql.Typed
--- A float.
function sql.as.float(value: any): sql.Typed
--- A text.
function sql.as.text(value: any): sql.Typed
--- Bytes.
function sql.as.binary(value: any): sql.Typed
--- NULL.
function sql.as.null(): sql.Typed

sql.builder.question: sql.PlaceholderFormat
sql.builder.default_placeholder: sql.PlaceholderFormat
sql.builder.dollar: sql.PlaceholderFormat
sql.builder.at: sql.PlaceholderFormat
sql.builder.colon: sql.PlaceholderFormat

function sql.builder.select(...: any): sql.SelectBuilder
function sql.builder.insert(table: string?): sql.InsertBuilder
function sql.builder.update(table: string?): sql.UpdateBuilder
function sql.builder.delete(table: string?): sql.DeleteBuilder
--- Raw SQL with values for its `?` marks.
function sql.builder.expr(sql: string, ...: any): sql.Sqlizer
function sql.builder.eq(map: {[string]: any}): sql.Sqlizer
function sql.builder.not_eq(map: {[string]: any}): sql.Sqlizer
function sql.builder.lt(map: {[string]: any}): sql.Sqlizer
function sql.builder.lte(map: {[string]: any}): sql.Sqlizer
function sql.builder.gt(map: {[string]: any}): sql.Sqlizer
function sql.builder.gte(map: {[string]: any}): sql.Sqlizer
function sql.builder.like(map: {[string]: any}): sql.Sqlizer
function sql.builder.not_like(map: {[string]: any}): sql.Sqlizer
--- All of the conditions.
function sql.builder.and_(conditions: {any}): sql.Sqlizer
--- Any of the conditions.
function sql.builder.or_(conditions: {any}): sql.Sqlizer
