--- Makes the table where an entry names the database: the migration itself knows parameters alone.

local funcs = require("funcs")

local MIGRATION = "wippy.usage.migrations:01_create_token_usage_table"

local function run()
  if database.of_parameter() ~= nil then
    return {status = "skipped", message = "a parameter names the database"}
  end
  local id = database.of_entry()
  if id == nil then return {status = "skipped", message = "nothing names a database"} end
  local result, err = funcs.call(MIGRATION, {database_id = id, id = MIGRATION})
  if err ~= nil then return {status = "error", message = tostring(err)} end
  if result.status ~= "complete" then
    return {status = "error", message = tostring(result.error)}
  end
  if result.applied == 0 then return {status = "skipped", message = "the table is there"} end
  return {status = "success", message = "the table was made in " .. id}
end

return {run = run}
