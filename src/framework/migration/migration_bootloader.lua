--- Applies the migrations of every database when the application starts.

local logger = require("logger")
local sql = require("sql")
local time = require("time")

local LOOKS = 20
local LOOK_EVERY = "500ms"

--- Waits for a database; returns why it did not come.
local function missing(id: string): string?
  local why
  for look = 1, LOOKS do
    local db, err = sql.get(id)
    if err == nil then
      db:release()
      return nil
    end
    why = err:message()
    if look < LOOKS then assert(time.after(LOOK_EVERY)):receive() end
  end
  return why
end

local function failed(why: any)
  return {status = "error", message = tostring(why)}
end

local function run()
  local homeless, unknown = migrations.without_target()
  if unknown ~= nil then return failed(unknown) end
  for _, id in ipairs(homeless) do
    logger:warn("migration without a meta.target_db is never applied", {id = id})
  end
  local targets, err = migrations.get_target_dbs()
  if err ~= nil then return failed(err) end
  local applied = 0
  for _, id in ipairs(targets) do
    local why = missing(id)
    if why ~= nil then return failed("database " .. id .. ": " .. why) end
    local report = runner.setup(id):run()
    for _, item in ipairs(report.migrations) do
      logger:info("migration " .. item.status, {
        id = item.id,
        name = item.name,
        database = id,
        reason = item.reason,
        duration = item.duration
      })
    end
    if report.status ~= "complete" then
      return failed("database " .. id .. ": " .. tostring(report.error))
    end
    applied = applied + report.migrations_applied
  end
  if applied == 0 then return {status = "skipped", message = "No migrations to apply"} end
  return {
    status = "success",
    message = applied .. " applied to " .. #targets
      .. (#targets == 1 and " database" or " databases")
  }
end

return {run = run}
