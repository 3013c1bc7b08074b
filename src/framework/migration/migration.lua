--- The words that migrations are written in.
---
--- ```lua
--- return require("migration").define(function()
---   migration("Create users", function()
---     database("sqlite", function()
---       up(function(tx)
---         local _, err = tx:execute("CREATE TABLE users (id INTEGER PRIMARY KEY)")
---         if err then error(err) end
---       end)
---       down(function(tx) tx:execute("DROP TABLE users") end)
---     end)
---   end)
--- end)
--- ```
---
--- MI1. What a migration does and that it was done are one transaction: either both are there or none. MySQL commits at each change of a
---      schema, whatever transaction it is in; there a migration that fails may leave a part of itself.
--- MI2. A migration that was applied meanwhile, by whoever, is not applied again.
--- MI3. Of several migrations in one entry those that were applied stay so when a later one fails; it is applied the next time.
--- MI4. The words are there while migrations are defined, and what had their names before is back afterwards.

local doubles = require("doubles")
local sql = require("sql")
local time = require("time")

type Step = (tx: sql.Transaction) -> ()
--- What a migration does on databases of one type.
type Implementation = {up: Step?, down: Step?, after: Step?}
type Migration = {description: string, databases: {[string]: Implementation}}

--- How migrations are run: on `db`, or on the database with the id `database_id`. `id` is what they are known by.
type Options = {
  database_id: string?,
  db: sql.DB?,
  direction: string?,
  force: boolean?,
  id: string?
}

--- How one migration ended: `applied`, `reverted`, `skipped` or `error`; `duration` in seconds.
type Item = {
  id: string,
  description: string,
  status: string,
  reason: string?,
  error: string?,
  duration: number
}

--- How a run ended: `complete`, `failed` when a migration failed, `error` when none could be tried.
type Result = {
  status: string,
  migrations: {Item},
  total: integer,
  applied: integer,
  reverted: integer,
  skipped: integer,
  skipped_reasons: {{name: string, reason: string}},
  failed: integer,
  duration: number,
  db_type: string?,
  error: string?
}

--- What is being defined.
local collected: any = nil
local current: any = nil
local implementation: any = nil

local TYPES = {sqlite = true, postgres = true, mysql = true}

local function demand(is_right: boolean, message: string)
  if not is_right then error(message, 3) end
end

local function migration(description: string, body: () -> ())
  demand(
    collected ~= nil and current == nil,
    "migration: call it inside the function given to define"
  )
  demand(
    type(description) == "string" and description ~= "",
    "migration: a description and a function expected"
  )
  demand(type(body) == "function", "migration: a description and a function expected")
  current = {description = description, databases = {}}
  body()
  collected[#collected + 1] = current
  current = nil
end

local function database(db_type: string, body: () -> ())
  demand(
    current ~= nil and implementation == nil,
    "database: call it inside the function given to migration"
  )
  demand(
    TYPES[db_type] == true,
    "database: \"sqlite\", \"postgres\" or \"mysql\" expected, not " .. tostring(db_type)
  )
  demand(type(body) == "function", "database: a type and a function expected")
  demand(
    current.databases[db_type] == nil,
    "database: " .. tostring(db_type) .. " is there already"
  )
  implementation = {}
  body()
  current.databases[db_type] = implementation
  implementation = nil
end

local function step(name: string): (Step) -> ()
  return function(body: Step)
    demand(implementation ~= nil, name .. ": call it inside the function given to database")
    demand(type(body) == "function", name .. ": a function expected")
    demand(implementation[name] == nil, name .. ": it is there already")
    implementation[name] = body
  end
end

local M = {
  --- What the function given to `define` sees beside everything else; the checker knows them by this name.
  lent_globals = {
    migration = migration,
    database = database,
    up = step("up"),
    down = step("down"),
    after = step("after"),
  },
}

local function text_of(failure: any): string
  if type(failure) == "string" then return failure end
  return tostring(failure)
end

--- Runs `fn` with the words; what it defined, or why it could not.
local function collect(fn: () -> ()): ({Migration}?, string?)
  local before = {}
  for i, globals in ipairs(doubles.find("_G")) do
    before[i] = {globals = globals, values = {}}
    for name, word in pairs(M.lent_globals) do
      before[i].values[name] = rawget(globals, name)
      rawset(globals, name, word)
    end
  end
  collected, current, implementation = {}, nil, nil
  local ok, failure = pcall(fn)
  local found = collected
  collected, current, implementation = nil, nil, nil
  for _, kept in ipairs(before) do
    for name in pairs(M.lent_globals) do rawset(kept.globals, name, kept.values[name]) end
  end
  if not ok then return nil, text_of(failure) end
  if #found == 0 then return nil, "it defines no migration" end
  return found
end

--- Why there is nothing to do; nil when there is.
local function reason_to_skip(is_applied: boolean, is_up: boolean, is_forced: boolean): string?
  if is_forced or is_applied ~= is_up then return nil end
  return is_up and "Migration already applied" or "Migration is not applied"
end

local function run_in(
  tx: sql.Transaction,
  db_type: string,
  item: Item,
  code: Implementation,
  is_up: boolean,
  is_forced: boolean
)
  local err = ledger.lock(tx, db_type)
  if err ~= nil then error(err) end
  local is_applied, unknown = ledger.has(tx, db_type, item.id)
  if unknown ~= nil then error(unknown) end
  item.reason = reason_to_skip(is_applied == true, is_up, is_forced)
  if item.reason ~= nil then
    item.status = "skipped"
    return
  end
  local act = is_up and code.up or code.down
  if act == nil then
    local word = is_up and "up" or "down"
    error("there is no " .. word .. " for " .. db_type, 0)
  end
  act(tx)
  local unwritten
  if is_up then
    unwritten = ledger.add(tx, db_type, item.id, item.description)
  else
    unwritten = ledger.remove(tx, db_type, item.id)
  end
  if unwritten ~= nil then error(unwritten) end
  if is_up and code.after ~= nil then code.after(tx) end
  item.status = is_up and "applied" or "reverted"
end

--- Runs one migration in a transaction of its own.
local function run_one(
  db: sql.DB,
  db_type: string,
  item: Item,
  code: Implementation,
  is_up: boolean,
  is_forced: boolean
)
  local tx, err = db:begin()
  if err ~= nil then
    item.status, item.error = "error", text_of(err)
    return
  end
  local ok, failure = pcall(run_in, tx, db_type, item, code, is_up, is_forced)
  if ok then
    failure = ledger.commit(tx, db_type)
  else
    ledger.rollback(tx, db_type)
    if failure == nil then failure = "it failed without saying why" end
  end
  if failure ~= nil then item.status, item.error = "error", text_of(failure) end
end

local function seconds_since(began: time.Time): number
  return time.now():sub(began):seconds()
end

--- What the entry of a function is known by: a call's pid has it as its host.
local function own_id(): string
  return process.pid():match("^{([^|]+)|") or ""
end

local function count(result: Result, item: Item)
  result.migrations[#result.migrations + 1] = item
  if item.status == "skipped" then
    result.skipped = result.skipped + 1
    result.skipped_reasons[#result.skipped_reasons + 1] = {
      name = item.description,
      reason = item.reason or ""
    }
  elseif item.status == "error" then
    result.failed = result.failed + 1
    result.status = "failed"
    result.error = item.error
  elseif item.status == "applied" then
    result.applied = result.applied + 1
  else
    result.reverted = result.reverted + 1
  end
end

--- What the migrations of an entry are known by. The last that is done has the id of the entry: with it all are.
local function ids_of(found: {Migration}, db_type: string, id: string): {string}
  local last = #found
  while last > 1 and found[last].databases[db_type] == nil do last = last - 1 end
  local ids = {}
  for n = 1, #found do ids[n] = n == last and id or id .. "#" .. n end
  return ids
end

local function run_all(db: sql.DB, found: {Migration}, result: Result, options: Options): string?
  local db_type, unknown = db:type()
  if unknown ~= nil then return text_of(unknown) end
  result.db_type = db_type
  local err = ledger.create(db, db_type)
  if err ~= nil then return text_of(err) end
  local is_up = options.direction ~= "down"
  local ids = ids_of(found, db_type, options.id or own_id())
  for n = 1, #found do
    local at = is_up and n or #found + 1 - n
    local each = found[at]
    local began = time.now()
    local item: Item = {
      id = ids[at],
      description = each.description,
      status = "skipped",
      duration = 0,
    }
    local code = each.databases[db_type]
    if code == nil then
      item.reason = "No implementation for database type: " .. db_type
    else
      run_one(db, db_type, item, code, is_up, options.force == true)
    end
    item.duration = seconds_since(began)
    count(result, item)
    if item.status == "error" then return nil end
  end
  return nil
end

--- Runs what `fn` defines; returns why nothing could be tried.
local function run(fn: () -> (), options: Options, result: Result): string?
  local direction = options.direction or "up"
  if direction ~= "up" and direction ~= "down" then
    return "direction: \"up\" or \"down\" expected, not " .. tostring(direction)
  end
  local found, failure = collect(fn)
  if found == nil then return failure end
  result.total = #found
  if options.db ~= nil then return run_all(options.db, found, result, options) end
  if type(options.database_id) ~= "string" then
    return "database_id: the id of a database is required"
  end
  local db, err = sql.get(options.database_id)
  if err ~= nil then return text_of(err) end
  local ok, why = pcall(run_all, db, found, result, options)
  db:release()
  if not ok then error(why, 0) end
  return why
end

--- Makes of a function that defines migrations the one that runs them, which is what a migration entry returns.
function M.define(fn: () -> ()): (Options?) -> Result
  if type(fn) ~= "function" then error("define: a function expected", 2) end
  return function(options: Options?): Result
    local began = time.now()
    local result: Result = {
      status = "complete",
      migrations = {},
      total = 0,
      applied = 0,
      reverted = 0,
      skipped = 0,
      skipped_reasons = {},
      failed = 0,
      duration = 0,
    }
    local failure = run(fn, options or {}, result)
    if failure ~= nil then result.status, result.error = "error", failure end
    result.duration = seconds_since(began)
    return result
  end
end

return M
