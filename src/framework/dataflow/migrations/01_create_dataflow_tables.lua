local FLOWS = [[
  CREATE TABLE dataflows (
    dataflow_id %s PRIMARY KEY,
    actor_id %s,
    actor_meta %s,
    policies %s,
    status %s NOT NULL,
    title %s NOT NULL,
    metadata %s,
    commands %s NOT NULL,
    output %s,
    error %s,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
  )]]
local NODES = [[
  CREATE TABLE dataflow_nodes (
    dataflow_id %s NOT NULL,
    path %s NOT NULL,
    node_type %s NOT NULL,
    name %s,
    title %s,
    status %s NOT NULL,
    output %s,
    error %s,
    signal_id %s,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (dataflow_id, path)
  )]]
local SIGNALS = [[
  CREATE TABLE dataflow_signals (
    dataflow_id %s NOT NULL,
    signal_id %s NOT NULL,
    payload %s NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (dataflow_id, signal_id)
  )]]

local function create(tx: any, key: string, text: string)
  local function execute(statement: string)
    local _, err = tx:execute(statement)
    if err ~= nil then error(err) end
  end
  execute(FLOWS:format(key, key, text, text, key, text, text, text, text, text))
  execute(NODES:format(key, key, key, text, text, key, text, text, key))
  execute(SIGNALS:format(key, key, text))
  execute("CREATE INDEX dataflows_status ON dataflows (status)")
end

local function drop(tx: any)
  for _, name in ipairs({"dataflow_signals", "dataflow_nodes", "dataflows"}) do
    local _, err = tx:execute("DROP TABLE " .. name)
    if err ~= nil then error(err) end
  end
end

return require("migration").define(function()
  migration("Create the tables of dataflows", function()
    database("sqlite", function()
      up(function(tx) create(tx, "TEXT", "TEXT") end)
      down(drop)
    end)
    database("postgres", function()
      up(function(tx) create(tx, "TEXT", "TEXT") end)
      down(drop)
    end)
    database("mysql", function()
      up(function(tx) create(tx, "VARCHAR(255)", "LONGTEXT") end)
      down(drop)
    end)
  end)
end)
