--- Functions that run in the background, and what became of them.
---
--- TK1. A task acts as whoever started it, on the host of the parameter.
--- TK2. What ran when the program ended is `interrupted` at the next start.

local funcs = require("funcs")
local json = require("json")
local logger = require("logger")
local security = require("security")
local system = require("system")
local time = require("time")
local uuid = require("uuid")

local PROCESS = "keeper.tools:task"
--- What the name of a task's process begins with.
local NAME = "keeper.task."
local RUNNING, DONE, FAILED, CANCELED, INTERRUPTED = "running", "done", "failed", "canceled",
  "interrupted"
local LISTED_MAX = 200
local LISTED_DEFAULT = 20

local M = {}

local function now_ms(): integer
  return time.now():unix_nano() // 1000000
end

local function not_found(id: string): error
  return errors.new({kind = errors.NOT_FOUND, message = "there is no task " .. id})
end

local function task_of(row: any): any
  return {
    id = row.id,
    ["function"] = row.function_id,
    arguments = json.decode(row.arguments),
    status = row.status,
    result = row.result ~= nil and json.decode(row.result) or nil,
    error = row.error,
    actor = row.actor_id,
    created_at = math.tointeger(tonumber(row.created_at)),
    ended_at = row.ended_at ~= nil and math.tointeger(tonumber(row.ended_at)) or nil,
  }
end

--- Writes down how a task ended, unless that is known already.
local function ended(id: string, status: string, result: string?, message: string?)
  local _,
    err = database.execute(
    "UPDATE keeper_tasks SET status = ?, result = ?, error = ?, ended_at = ? WHERE id = ? AND status = ?",
    {status, database.or_null(result), database.or_null(message), now_ms(), id, RUNNING}
  )
  if err ~= nil then
    logger:error("the end of a task could not be written down", {task = id, error = err:message()})
  end
end

--- Starts a function with a list of arguments.
function M.start(args: any): (any, error?)
  local host, unknown = settings.process_host()
  if host == nil then return nil, unknown end
  local actor = security.actor()
  local id = assert(uuid.v7())
  local _,
    err = database.execute(
    "INSERT INTO keeper_tasks (id, function_id, arguments, status, actor_id, node, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
    {
      id,
      args["function"],
      assert(json.encode(args.arguments or {})),
      RUNNING,
      actor ~= nil and actor:id() or "",
      system.node.id() or "",
      now_ms()
    }
  )
  if err ~= nil then return nil, err end
  local pid, refused = process.spawn(PROCESS, host, id, args["function"], args.arguments or {})
  if pid == nil then
    ended(id, FAILED, nil, refused ~= nil and refused:message() or nil)
    return nil, refused
  end
  return {id = id, status = RUNNING}
end

--- What runs as the process of a task.
function M.run(id: string, function_id: string, arguments: {any})
  local _, taken = process.registry.register(NAME .. id)
  if taken ~= nil then return ended(id, FAILED, nil, taken:message()) end
  local future, err = funcs.new():async(function_id, table.unpack(arguments))
  if future == nil then return ended(id, FAILED, nil, err ~= nil and tostring(err) or nil) end
  local ends = process.events()
  local answer = future:response()
  while true do
    local case = channel.select({answer:case_receive(), ends:case_receive()})
    if case.channel == answer then break end
    if case.value.kind == process.event.CANCEL then
      future:cancel()
      return ended(id, CANCELED)
    end
  end
  local payload, failed = future:result()
  if failed ~= nil then
    return ended(id, FAILED, nil, function_id .. ": " .. failed:kind() .. ": " .. failed:message())
  end
  local value
  if payload ~= nil then value = payload:data() end
  local text, unwritable = json.encode(value)
  if text == nil then
    return ended(id, FAILED, nil, "the result can't be written as JSON: " .. tostring(unwritable))
  end
  ended(id, DONE, text)
end

--- The latest tasks, the newest first; of one `status` where it is given.
function M.list(args: any): (any, error?)
  local condition, values = "", {}
  if args.status ~= nil then condition, values = " WHERE status = ?", {args.status} end
  local limit = math.min(args.limit or LISTED_DEFAULT, LISTED_MAX)
  local rows, err = database.query(
    "SELECT * FROM keeper_tasks" .. condition .. " ORDER BY created_at DESC, id DESC LIMIT "
      .. math.tointeger(limit),
    values
  )
  if rows == nil then return nil, err end
  local found = {}
  for i, row in ipairs(rows) do found[i] = task_of(row) end
  return {tasks = found}
end

--- One task, with its result.
function M.get(args: any): (any, error?)
  local row, err = database.first("SELECT * FROM keeper_tasks WHERE id = ?", {args.id})
  if err ~= nil then return nil, err end
  if row == nil then return nil, not_found(args.id) end
  return task_of(row)
end

--- Ends a task that runs.
function M.cancel(args: any): (any, error?)
  local task, err = M.get(args)
  if task == nil then return nil, err end
  local pid = process.registry.lookup(NAME .. args.id)
  if task.status ~= RUNNING or pid == nil then
    return nil, errors.new({
        kind = errors.CONFLICT,
        message = "the task does not run: it is " .. task.status
      })
  end
  local _, refused = process.cancel(pid, "10s")
  if refused ~= nil then return nil, refused end
  return {id = args.id, status = CANCELED}
end

--- What the last end of the program has cut off.
function M.recover()
  local count,
    err = database.execute(
    "UPDATE keeper_tasks SET status = ?, ended_at = ? WHERE status = ? AND node = ?",
    {INTERRUPTED, now_ms(), RUNNING, system.node.id() or ""}
  )
  if err ~= nil then return {status = "error", message = err:message()} end
  if count == 0 then return {status = "skipped", message = "no task was interrupted"} end
  return {status = "success", message = "tasks that were interrupted: " .. count}
end

return M
