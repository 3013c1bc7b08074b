local queue = require("queue")
local sql = require("sql")
local logger = require("logger")
local json = require("json")

type Task = {id: string, action: string, data: {[string]: any}}

local actions = {}

function actions.uppercase(data: {[string]: any}): any
  return data.text:upper()
end

function actions.sum(data: {[string]: any}): any
  local total = 0
  for _, number in ipairs(data.numbers) do total = total + number end
  return total
end

-- Fails the first time: the message is delivered again.
function actions.flaky(_: {[string]: any}, attempts: integer): any
  if attempts == 1 then error("not the first time") end
  return "at last"
end

local function work(task: Task)
  local message = assert(queue.message())
  local db = assert(sql.get("app:db"))
  assert(
    db:execute("INSERT INTO tasks (id, action, status, attempts) VALUES (?, ?, 'running', 1) "
      .. "ON CONFLICT (id) DO UPDATE SET attempts = attempts + 1", {
      task.id,
      task.action
    })
  )
  local rows = assert(db:query("SELECT attempts FROM tasks WHERE id = ?", {task.id}))
  local action = actions[task.action]
  local output = action and action(task.data, rows[1].attempts) or "processed"
  local update = sql.builder.update("tasks")
    :set("status", "completed")
    :set("result", json.encode({output = output}))
    :where({id = task.id})
  assert(update:run_with(db):exec())
  db:release()
  logger:info("done", {id = task.id, message = message:id()})
end

return {work = work}
