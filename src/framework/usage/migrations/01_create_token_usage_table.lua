local TABLE = [[
  CREATE TABLE token_usage (
    usage_id %s PRIMARY KEY,
    user_id %s NOT NULL,
    context_id %s,
    model_id %s NOT NULL,
    prompt_tokens BIGINT NOT NULL,
    completion_tokens BIGINT NOT NULL,
    thinking_tokens BIGINT NOT NULL DEFAULT 0,
    cache_read_tokens BIGINT NOT NULL DEFAULT 0,
    cache_write_tokens BIGINT NOT NULL DEFAULT 0,
    timestamp %s NOT NULL,
    meta TEXT
  )]]
local INDEXED = {"user_id", "context_id", "model_id", "timestamp"}

local function create(tx: any, id_type: string, time_type: string)
  local function execute(statement: string)
    local _, err = tx:execute(statement)
    if err ~= nil then error(err) end
  end
  execute(TABLE:format(id_type, id_type, id_type, id_type, time_type))
  for _, column in ipairs(INDEXED) do
    execute("CREATE INDEX token_usage_" .. column .. " ON token_usage (" .. column .. ")")
  end
end

local function drop(tx: any)
  local _, err = tx:execute("DROP TABLE token_usage")
  if err ~= nil then error(err) end
end

return require("migration").define(function()
  migration("Create the table of token usage", function()
    database("sqlite", function()
      up(function(tx) create(tx, "TEXT", "TEXT") end)
      down(drop)
    end)
    database("postgres", function()
      up(function(tx) create(tx, "TEXT", "TIMESTAMPTZ") end)
      down(drop)
    end)
    database("mysql", function()
      up(function(tx) create(tx, "VARCHAR(255)", "DATETIME") end)
      down(drop)
    end)
  end)
end)
