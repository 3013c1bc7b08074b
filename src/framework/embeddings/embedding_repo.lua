--- Texts with their vectors in the database, found by nearness.
---
--- R1. Nearness is the cosine of the angle between vectors: a similarity of 1 is the same direction, 0 nothing in common.

local json = require("json")
local registry = require("registry")
local sql = require("sql")
local uuid = require("uuid")

local PARAMETER = "wippy.embeddings:target_db"
local DIMENSIONS = 512
local LIMIT = 10
local LIMIT_MAX = 1000
local FILTERS = {"content_type", "origin_id", "context_id"}
--- Rows of one statement: databases have a limit on values.
local ROWS_MAX = 100

--- A text to keep; `embedding` are its 512 numbers.
type Item = {
  content: string,
  content_type: string,
  origin_id: string,
  context_id: string?,
  meta: any,
  embedding: {number}
}

local M = {DIMENSIONS = DIMENSIONS, DEFAULT_SEARCH_LIMIT = LIMIT}

local function invalid(message: string): error
  return errors.new({kind = errors.INVALID, message = message})
end

local function with_database(act: (db: sql.DB, is_postgres: boolean) -> (any, any)): (any, any)
  local entry = registry.get(PARAMETER)
  local id = entry ~= nil and entry.data.default or ""
  if type(id) ~= "string" or id == "" then
    return nil,
      errors.new({kind = errors.NOT_FOUND, message = "wippy/embeddings has no database: give it the parameter target_db"})
  end
  local db, err = sql.get(id)
  if db == nil then return nil, err end
  local db_type = db:type()
  if db_type ~= "sqlite" and db_type ~= "postgres" then
    db:release()
    return nil,
      invalid("embeddings are kept in SQLite or Postgres; " .. id .. " is " .. tostring(db_type))
  end
  local ok, result, refused = pcall(act, db, db_type == "postgres")
  db:release()
  if not ok then error(result, 0) end
  return result, refused
end

local function text_of_vector(vector: any): (string?, error?)
  if type(vector) ~= "table" or #vector ~= DIMENSIONS then
    return nil,
      invalid("an embedding has " .. DIMENSIONS .. " numbers, not " .. (type(vector) == "table" and #vector or 0))
  end
  return json.encode(vector)
end

--- Collects values of a statement; each gives the mark that stands for it.
local function binder(is_postgres: boolean): (any, {any})
  local values: {any} = {}
  return function(value: any): string
      values[#values + 1] = value == nil and sql.NULL or value
      return is_postgres and "$" .. #values or "?"
    end, values
end

local function vector_mark(mark: string, is_postgres: boolean): string
  return is_postgres and mark .. "::vector" or "vec_f32(" .. mark .. ")"
end

local function problem_of(item: any): string?
  if type(item) ~= "table" then return "an item is a table" end
  for _, field in ipairs({"content", "content_type", "origin_id"}) do
    if type(item[field]) ~= "string" or item[field] == "" then return field .. " is required" end
  end
  if item.context_id ~= nil and type(item.context_id) ~= "string" then
    return "context_id must be a text"
  end
  return nil
end

--- Keeps many in one statement for each hundred: `{count, items}`, or nothing of them.
function M.add_batch(batch: {Item}): (any, any)
  if type(batch) ~= "table" or #batch == 0 then return nil, invalid("there are no items") end
  local vectors: {string}, metas: {any} = {}, {}
  for i, item in ipairs(batch) do
    local wrong = problem_of(item)
    if wrong ~= nil then return nil, invalid("item " .. i .. ": " .. wrong) end
    local vector, err = text_of_vector(item.embedding)
    if vector == nil then
      return nil, invalid("item " .. i .. ": " .. (err ~= nil and err:message() or ""))
    end
    vectors[i] = vector
    local meta, unsayable = nil, nil
    if item.meta ~= nil then meta, unsayable = json.encode(item.meta) end
    if unsayable ~= nil then return nil, unsayable end
    metas[i] = meta or false
  end
  return with_database(function(db: sql.DB, is_postgres: boolean): (any, any)
    local tx, refused = db:begin()
    if tx == nil then return nil, refused end
    local items = {}
    for first = 1, #batch, ROWS_MAX do
      local bind, values = binder(is_postgres)
      local rows = {}
      for i = first, math.min(first + ROWS_MAX - 1, #batch) do
        local item = batch[i]
        local id = assert(uuid.v7())
        rows[#rows + 1] = "(" .. table.concat({
            bind(id),
            bind(item.origin_id),
            bind(item.content_type),
            bind(item.context_id),
            bind(item.content),
            bind(metas[i] or nil),
            vector_mark(bind(vectors[i]), is_postgres),
          }, ", ") .. ")"
        items[i] = {
          entry_id = id,
          origin_id = item.origin_id,
          content_type = item.content_type,
          context_id = item.context_id,
        }
      end
      local _, err = tx:execute(
        "INSERT INTO embeddings_512 (entry_id, origin_id, content_type, context_id, content, meta, embedding) VALUES "
          .. table.concat(rows, ", "),
        values
      )
      if err ~= nil then
        local _ = tx:rollback()
        return nil, err
      end
    end
    local _, err = tx:commit()
    if err ~= nil then return nil, err end
    return {count = #items, items = items}
  end)
end

--- Keeps one: `{entry_id, origin_id, content_type, context_id}`.
function M.add(
  content: string,
  content_type: string,
  origin_id: string,
  context_id: string?,
  meta: any,
  embedding: {number}
): (any, any)
  local added, err = M.add_batch({
    {
      content = content,
      content_type = content_type,
      origin_id = origin_id,
      context_id = context_id,
      meta = meta,
      embedding = embedding,
    }
  })
  if added == nil then return nil, err end
  return added.items[1]
end

local function record_of(row: any): any
  local meta
  if type(row.meta) == "string" then meta = json.decode(row.meta) end
  return {
    entry_id = row.entry_id,
    origin_id = row.origin_id,
    content_type = row.content_type,
    context_id = row.context_id,
    content = row.content,
    meta = meta,
    similarity = row.distance and 1 - row.distance or nil,
  }
end

local function records_of(rows: {any}): {any}
  local records = {}
  for i, row in ipairs(rows) do records[i] = record_of(row) end
  return records
end

local COLUMNS = "entry_id, origin_id, content_type, context_id, content, meta"

--- Everything of an origin, in the order in which it came.
function M.get_by_origin(origin_id: string): (any, any)
  return with_database(function(db: sql.DB, is_postgres: boolean): (any, any)
    local bind, values = binder(is_postgres)
    local rows, err = db:query(
      "SELECT " .. COLUMNS .. " FROM embeddings_512 WHERE origin_id = " .. bind(origin_id)
        .. " ORDER BY entry_id",
      values
    )
    if rows == nil then return nil, err end
    return records_of(rows)
  end)
end

local function delete(column: string, value: string): (any, any)
  return with_database(function(db: sql.DB, is_postgres: boolean): (any, any)
    local bind, values = binder(is_postgres)
    local done, err = db:execute(
      "DELETE FROM embeddings_512 WHERE " .. column .. " = " .. bind(value),
      values
    )
    if done == nil then return nil, err end
    return {deleted = done.rows_affected > 0, count = done.rows_affected}
  end)
end

--- Removes everything of an origin: `{deleted, count}`.
function M.delete_by_origin(origin_id: string): (any, any)
  return delete("origin_id", origin_id)
end

--- Removes one: `{deleted, count}`.
function M.delete_by_entry(entry_id: string): (any, any)
  return delete("entry_id", entry_id)
end

--- What is nearest to a vector, the nearest first. `options`: `content_type`, `origin_id`, `context_id`, `limit` (10, at most 1,000).
function M.search_by_embedding(vector: {number}, options: any): (any, any)
  local given = options or {}
  local text, wrong = text_of_vector(vector)
  if text == nil then return nil, wrong end
  local limit = given.limit or LIMIT
  if type(limit) ~= "number" or limit < 1 or limit > LIMIT_MAX or limit ~= math.floor(limit) then
    return nil, invalid("limit must be a whole number from 1 to " .. LIMIT_MAX)
  end
  return with_database(function(db: sql.DB, is_postgres: boolean): (any, any)
    local bind, values = binder(is_postgres)
    local mark = vector_mark(bind(text), is_postgres)
    local distance = is_postgres and "embedding <=> " .. mark
      or "vec_distance_cosine(embedding, " .. mark .. ")"
    local conditions = {}
    for _, column in ipairs(FILTERS) do
      if given[column] ~= nil then
        conditions[#conditions + 1] = column .. " = " .. bind(given[column])
      end
    end
    local where = #conditions > 0 and " WHERE " .. table.concat(conditions, " AND ") or ""
    local rows, err = db:query(
      "SELECT " .. COLUMNS .. ", " .. distance .. " AS distance FROM embeddings_512" .. where
        .. " ORDER BY distance, entry_id LIMIT " .. math.tointeger(limit),
      values
    )
    if rows == nil then return nil, err end
    return records_of(rows)
  end)
end

return M
