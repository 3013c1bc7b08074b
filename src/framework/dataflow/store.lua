--- What is known of dataflows: what they are made of, how far they are, and words that wait for them.
---
--- ST1. What a node has given is written down before anything is done with it, together with the signal that it took.
--- ST2. Of signals under one id that nobody has taken the last one counts.

local json = require("json")
local registry = require("registry")
local security = require("security")
local sql = require("sql")
local time = require("time")

local PARAMETER = "userspace.dataflow:target_db"

--- One dataflow.
type Flow = {
  id: string,
  actor_id: string,
  actor_meta: any,
  policies: {string},
  status: string,
  title: string,
  metadata: any,
  commands: any,
  output: any,
  error: string?
}

local M = {Flow = Flow}

local function database_id(): string
  local entry = registry.get(PARAMETER)
  return entry ~= nil and tostring(entry.data.default) or ""
end

--- What a transaction can do; `?` stands for values. `put` writes a row, over the one with the same keys when there is one.
type Work = {
  run: (text: string, values: {any}) -> integer,
  rows: (text: string, values: {any}) -> {any},
  put: (into: string, keys: {string}, columns: {string}, values: {any}) -> integer
}

--- One statement, so that writers of other rows never wait for each other.
local function put_text(into: string, keys: {string}, columns: {string}, is_mysql: boolean): string
  local marks, changes = {}, {}
  for i, column in ipairs(columns) do
    marks[i] = "?"
    changes[i] = column .. " = "
      .. (is_mysql and "VALUES(" .. column .. ")" or "excluded." .. column)
  end
  local over = is_mysql and " ON DUPLICATE KEY UPDATE "
    or " ON CONFLICT (" .. table.concat(keys, ", ") .. ") DO UPDATE SET "
  return "INSERT INTO " .. into .. " (" .. table.concat(columns, ", ") .. ") VALUES ("
    .. table.concat(marks, ", ") .. ")" .. over .. table.concat(changes, ", ")
end

--- Does something within a transaction.
local function within(act: (work: Work) -> any): (any, error?)
  local db, missing = sql.get(database_id())
  if db == nil then return nil, missing end
  local db_type = db:type()
  local is_postgres = db_type == "postgres"
  local function statement(text: string): string
    if not is_postgres then return text end
    local n = 0
    return (text:gsub("%?", function(): string
      n = n + 1
      return "$" .. n
    end))
  end
  local tx, refused = db:begin()
  if tx == nil then
    db:release()
    return nil, refused
  end
  local function run(text: string, values: {any}): integer
    local done, err = tx:execute(statement(text), values)
    if done == nil then error(err) end
    return done.rows_affected
  end
  local function rows(text: string, values: {any}): {any}
    local found, err = tx:query(statement(text), values)
    if found == nil then error(err) end
    return found
  end
  local function put(into: string, keys: {string}, columns: {string}, values: {any}): integer
    return run(put_text(into, keys, columns, db_type == "mysql"), values)
  end
  local ok, result = pcall(act, {run = run, rows = rows, put = put})
  local failed: any = nil
  if ok then
    local _, err = tx:commit()
    failed = err
  else
    local _ = tx:rollback()
    failed = result
  end
  db:release()
  if failed ~= nil then
    return nil,
      type(failed) == "userdata" and failed or errors.new({kind = errors.INTERNAL, message = tostring(failed)})
  end
  return result
end

local function now(): integer
  return time.now():unix()
end

local function encoded(value: any): any
  if value == nil then return sql.NULL end
  local text, err = json.encode(value)
  if text == nil then error(err) end
  return text
end

local function decoded(text: any): any
  if type(text) ~= "string" then return nil end
  local value = json.decode(text)
  return value
end

--- Writes a dataflow down; `commands` and `metadata` must be data.
function M.create(id: string, commands: any, title: string, metadata: any): (boolean?, error?)
  local actor = security.actor()
  local scope = security.scope()
  local policies: {string} = {}
  for _, policy in ipairs(scope ~= nil and scope:policies() or {}) do
    policies[#policies + 1] = policy:id()
  end
  return within(function(work): any
    work.run(
      "INSERT INTO dataflows (dataflow_id, actor_id, actor_meta, policies, status, title, metadata, commands, created_at, updated_at) "
        .. "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {
        id,
        actor ~= nil and actor:id() or sql.NULL,
        encoded(actor ~= nil and actor:meta() or nil),
        encoded(policies),
        "pending",
        title,
        encoded(metadata),
        encoded(commands),
        now(),
        now(),
      }
    )
    return true
  end)
end

local function flow_of(row: any): Flow
  return {
    id = row.dataflow_id,
    actor_id = row.actor_id,
    actor_meta = decoded(row.actor_meta),
    policies = decoded(row.policies) or {},
    status = row.status,
    title = row.title,
    metadata = decoded(row.metadata),
    commands = decoded(row.commands),
    output = decoded(row.output),
    error = row.error,
  }
end

--- The dataflow with that id.
function M.get(id: string): (Flow?, error?)
  local rows, err = within(function(work): any
    return work.rows("SELECT * FROM dataflows WHERE dataflow_id = ?", {id})
  end)
  if rows == nil then return nil, err end
  if rows[1] == nil then
    return nil,
      errors.new({kind = errors.NOT_FOUND, message = "there is no dataflow " .. tostring(id)})
  end
  return flow_of(rows[1])
end

--- Those that were under way when the program ended.
function M.interrupted(): ({string}?, error?)
  return within(function(work): any
    local ids: {string} = {}
    for _,
      row in ipairs(
      work.rows(
        "SELECT dataflow_id FROM dataflows WHERE status = ? ORDER BY created_at, dataflow_id",
        {
          "running"
        }
      )
    ) do
      ids[#ids + 1] = row.dataflow_id
    end
    return ids
  end)
end

--- Changes the status, if it is one of `from`; whether it did.
function M.change(id: string, from: {string}, to: string, output: any, message: string?): (
  boolean?,
  error?
)
  return within(function(work): any
    for _, status in ipairs(from) do
      local changed = work.run(
        "UPDATE dataflows SET status = ?, output = ?, error = ?, updated_at = ? WHERE dataflow_id = ? AND status = ?",
        {to, encoded(output), message or sql.NULL, now(), id, status}
      )
      if changed > 0 then return true end
    end
    return false
  end)
end

--- What the nodes of a dataflow have given, by their paths.
function M.nodes(id: string): ({[string]: any}?, error?)
  return within(function(work): any
    local nodes: {[string]: any} = {}
    for _, row in ipairs(work.rows("SELECT * FROM dataflow_nodes WHERE dataflow_id = ?", {id})) do
      nodes[row.path] = {
        type = row.node_type,
        name = row.name,
        title = row.title,
        status = row.status,
        output = decoded(row.output),
        error = row.error,
        signal_id = row.signal_id,
      }
    end
    return nodes
  end)
end

local NODE_KEYS = {"dataflow_id", "path"}
local NODE_COLUMNS = {
  "dataflow_id",
  "path",
  "node_type",
  "name",
  "title",
  "status",
  "output",
  "error",
  "signal_id",
  "updated_at",
}
local SIGNAL_KEYS = {"dataflow_id", "signal_id"}
local SIGNAL_COLUMNS = {"dataflow_id", "signal_id", "payload", "created_at"}

local function write_node(work: Work, id: string, path: string, node: any)
  work.put("dataflow_nodes", NODE_KEYS, NODE_COLUMNS, {
    id,
    path,
    node.type,
    node.name or sql.NULL,
    node.title or sql.NULL,
    node.status,
    encoded(node.output),
    node.error or sql.NULL,
    node.signal_id or sql.NULL,
    now(),
  })
end

--- Writes down how far a node is.
function M.note(id: string, path: string, node: any): (boolean?, error?)
  return within(function(work): any
    write_node(work, id, path, node)
    return true
  end)
end

--- Keeps a word for whoever waits for it, now or later.
function M.put_signal(id: string, signal_id: string, payload: any): (boolean?, error?)
  return within(function(work): any
    work.put("dataflow_signals", SIGNAL_KEYS, SIGNAL_COLUMNS, {
      id,
      signal_id,
      encoded(payload),
      now()
    })
    return true
  end)
end

--- Gives a node the first word that is there under one of the ids, and writes the node down as done: whether there was one, and what.
function M.take_signal(id: string, signal_ids: {string}, path: string, node: any): (any, error?)
  return within(function(work): any
    for _, signal_id in ipairs(signal_ids) do
      local found = work.rows(
        "SELECT payload FROM dataflow_signals WHERE dataflow_id = ? AND signal_id = ?",
        {id, signal_id}
      )[1]
      if found ~= nil then
        work.run("DELETE FROM dataflow_signals WHERE dataflow_id = ? AND signal_id = ?", {
          id,
          signal_id
        })
        node.status = "completed"
        node.output = decoded(found.payload)
        write_node(work, id, path, node)
        return {payload = node.output}
      end
    end
    return {}
  end)
end

return M
