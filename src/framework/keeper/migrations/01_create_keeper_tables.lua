--- Times are milliseconds since the Unix epoch; lists and tables are JSON.
local TABLES = {
  [[CREATE TABLE keeper_tokens (
    id %s PRIMARY KEY,
    hash %s NOT NULL UNIQUE,
    label %s NOT NULL,
    preset %s,
    scopes TEXT NOT NULL,
    access_mode %s NOT NULL,
    actor_id %s NOT NULL,
    actor_meta TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    last_used_at BIGINT,
    revoked_at BIGINT
  )]],
  [[CREATE TABLE keeper_tasks (
    id %s PRIMARY KEY,
    function_id %s NOT NULL,
    arguments TEXT NOT NULL,
    status %s NOT NULL,
    result TEXT,
    error TEXT,
    actor_id %s NOT NULL,
    node %s NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT
  )]],
  [[CREATE TABLE keeper_knowledge (
    id %s PRIMARY KEY,
    title %s NOT NULL,
    body TEXT NOT NULL,
    tags TEXT NOT NULL,
    author %s NOT NULL,
    updated_at BIGINT NOT NULL
  )]],
}
local NAMES = {"keeper_tokens", "keeper_tasks", "keeper_knowledge"}

local function create(tx: any, text_type: string)
  for _, statement in ipairs(TABLES) do
    local _, err = tx:execute((statement:gsub("%%s", text_type)))
    if err ~= nil then error(err) end
  end
end

local function drop(tx: any)
  for _, name in ipairs(NAMES) do
    local _, err = tx:execute("DROP TABLE " .. name)
    if err ~= nil then error(err) end
  end
end

return require("migration").define(function()
  migration("Create the tables of keeper", function()
    database("sqlite", function()
      up(function(tx) create(tx, "TEXT") end)
      down(drop)
    end)
    database("postgres", function()
      up(function(tx) create(tx, "TEXT") end)
      down(drop)
    end)
    database("mysql", function()
      up(function(tx) create(tx, "VARCHAR(255)") end)
      down(drop)
    end)
  end)
end)
