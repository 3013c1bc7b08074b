local TABLE = [[
  CREATE TABLE embeddings_512 (
    entry_id TEXT PRIMARY KEY,
    origin_id TEXT NOT NULL,
    content_type TEXT NOT NULL,
    context_id TEXT,
    content TEXT NOT NULL,
    meta TEXT,
    embedding %s
  )]]

local function execute(tx: any, statement: string)
  local _, err = tx:execute(statement)
  if err ~= nil then error(err) end
end

local function index(tx: any)
  for _, column in ipairs({"origin_id", "content_type", "context_id"}) do
    execute(tx, "CREATE INDEX embeddings_512_" .. column .. " ON embeddings_512 (" .. column .. ")")
  end
end

local function drop(tx: any)
  execute(tx, "DROP TABLE embeddings_512")
end

return require("migration").define(function()
  migration("Create the table of embeddings", function()
    database("sqlite", function()
      up(function(tx)
        execute(tx, TABLE:format("BLOB NOT NULL CHECK (length(embedding) = 4 * 512)"))
        index(tx)
      end)
      down(drop)
    end)
    database("postgres", function()
      up(function(tx)
        execute(tx, "CREATE EXTENSION IF NOT EXISTS vector")
        execute(tx, TABLE:format("vector(512) NOT NULL"))
        index(tx)
        execute(
          tx,
          "CREATE INDEX embeddings_512_embedding ON embeddings_512 USING ivfflat (embedding vector_cosine_ops) WITH (lists = 100)"
        )
      end)
      down(drop)
    end)
  end)
end)
