--- Dataflows from outside: made, started, asked, told and ended.

local security = require("security")
local time = require("time")
local uuid = require("uuid")

local PROCESS = "userspace.dataflow:orchestrator"
local HOST = "userspace.dataflow:processes"
local NAME = "dataflow."
local TITLE = "Dataflow"
local CANCEL_TIMEOUT = "30s"
--- How often somebody who waits looks whether the process it waits for is still there.
local LOOK_EVERY = "2s"
local ENDED = {completed = true, failed = true, cancelled = true, terminated = true}

local Client = {}
Client.__index = Client

local function invalid(message: string): error
  return errors.new({kind = errors.INVALID, message = message})
end

local function conflict(message: string): error
  return errors.new({kind = errors.CONFLICT, message = message})
end

--- Writes down a dataflow that does not run yet; its id. `options`: `title`, `metadata`.
function Client:create_workflow(commands: any, options: any): (string?, error?)
  local _, wrong = graph.of(commands)
  if wrong ~= nil then return nil, invalid(wrong) end
  local given = options or {}
  local id = assert(uuid.v7())
  local created, err = store.create(id, commands, given.title or TITLE, given.metadata)
  if created == nil then return nil, err end
  return id
end

--- Starts its process.
local function launch(id: string, asked_by: any): (string?, error?)
  local changed, err = store.change(id, {"pending"}, "running", nil, nil)
  if changed == nil then return nil, err end
  if not changed then
    local flow, missing = store.get(id)
    if flow == nil then return nil, missing end
    return nil, conflict("dataflow " .. id .. " is " .. flow.status)
  end
  local pid, refused = process.spawn(PROCESS, HOST, id, asked_by)
  if pid == nil then
    store.change(id, {"running"}, "failed", nil, tostring(refused))
    return nil, refused
  end
  return pid
end

local function result_of(flow: store.Flow): (any, error?)
  if flow.status == "completed" then return flow.output end
  local message = flow.error or "the dataflow was " .. flow.status
  return nil, errors.new({kind = errors.INTERNAL, message = message})
end

--- Waits for the end: a word of the process, or its silence.
local function wait(id: string, words: any): (store.Flow?, error?)
  while true do
    local chosen = channel.select({words:case_receive(), time.after(LOOK_EVERY):case_receive()})
    local is_gone = process.registry.lookup(NAME .. id) == nil
    local flow, err = store.get(id)
    if flow == nil then return nil, err end
    if ENDED[flow.status] then return flow end
    if is_gone or not chosen.ok then
      return nil, errors.new({
          kind = errors.UNAVAILABLE,
          message = "the process of dataflow " .. id
            .. " is gone; it goes on when the program starts again",
          retryable = true,
        })
    end
  end
end

--- Runs it to its end: its output.
function Client:execute(id: string, _: any): (any, error?)
  local topic = "dataflow.done." .. id
  local words, deaf = process.listen(topic)
  if words == nil then return nil, deaf end
  local pid, err = launch(id, {pid = process.pid(), topic = topic})
  local flow: any, failed = nil, err
  if pid ~= nil then flow, failed = wait(id, words) end
  process.unlisten(words)
  if flow == nil then return nil, failed end
  return result_of(flow)
end

--- Starts it and goes on: its id.
function Client:start(id: string, _: any): (string?, error?)
  local pid, err = launch(id, nil)
  if pid == nil then return nil, err end
  return id
end

--- What it has given; an error unless it is completed.
function Client:output(id: string): (any, error?)
  local flow, err = store.get(id)
  if flow == nil then return nil, err end
  return result_of(flow)
end

--- `pending`, `running`, `completed`, `failed`, `cancelled` or `terminated`.
function Client:get_status(id: string): (string?, error?)
  local flow, err = store.get(id)
  if flow == nil then return nil, err end
  return flow.status
end

--- Its nodes by their paths: `type`, `name`, `title`, `status`, `output`, `error`, and `signal_id` of those that wait for one.
function Client:nodes(id: string): (any, error?)
  local _, err = store.get(id)
  if err ~= nil then return nil, err end
  return store.nodes(id)
end

local function tell(id: string, topic: string): boolean
  local pid = process.registry.lookup(NAME .. id)
  if pid == nil then return false end
  process.send(pid, topic, id)
  return true
end

--- Starts nothing more of it, and waits until what runs has ended.
function Client:cancel(id: string, timeout: any): (boolean?, error?)
  local stopped, err = store.change(id, {"pending"}, "cancelled", nil, nil)
  if stopped == nil then return nil, err end
  if stopped then return true end
  tell(id, "cancel")
  local deadline, wrong = time.after(timeout or CANCEL_TIMEOUT)
  if deadline == nil then return nil, wrong end
  local pause = "10ms"
  while true do
    local flow, missing = store.get(id)
    if flow == nil then return nil, missing end
    if flow.status == "cancelled" then return true end
    if ENDED[flow.status] then return nil, conflict("dataflow " .. id .. " is " .. flow.status) end
    local chosen = channel.select({deadline:case_receive(), time.after(pause):case_receive()})
    if chosen.channel == deadline then
      return nil,
        errors.new({kind = errors.TIMEOUT, message = "dataflow " .. id .. " still runs: terminate it", retryable = true})
    end
    pause = "100ms"
  end
end

--- Ends it whatever runs.
function Client:terminate(id: string): (boolean?, error?)
  local ended, err = store.change(id, {"pending", "running"}, "terminated", nil, nil)
  if ended == nil then return nil, err end
  if not ended then
    local flow, missing = store.get(id)
    if flow == nil then return nil, missing end
    return nil, conflict("dataflow " .. id .. " is " .. flow.status)
  end
  local pid = process.registry.lookup(NAME .. id)
  if pid ~= nil then process.terminate(pid) end
  return true
end

--- Brings a word to a node that waits for it, now or later.
function Client:signal(id: string, signal_id: string, data: any): (boolean?, error?)
  if type(signal_id) ~= "string" or signal_id == "" then
    return nil, invalid("signal_id must be a text")
  end
  if data == nil then return nil, invalid("a signal without data moves nothing") end
  local flow, err = store.get(id)
  if flow == nil then return nil, err end
  if ENDED[flow.status] then return nil, conflict("dataflow " .. id .. " is " .. flow.status) end
  local kept, failed = store.put_signal(id, signal_id, data)
  if kept == nil then return nil, failed end
  tell(id, "signal")
  return true
end

local M = {}

--- A client for whoever calls; there must be somebody.
function M.new(): (any, error?)
  if security.actor() == nil then
    return nil,
      errors.new({kind = errors.PERMISSION_DENIED, message = "dataflows belong to somebody: a security actor is required"})
  end
  return setmetatable({}, Client)
end

return M
