--- The boot sequence: functions with `meta.type: bootloader`, one after the other.
---
--- S1. They run by `meta.order`, then by id; the next begins when the one before has returned.
--- S2. One that fails ends the sequence: those behind it do not run.
--- S3. What one requires is there when it runs: bootloaders that have ended well, services that run, entries that exist.

local funcs = require("funcs")
local logger = require("logger")
local registry = require("registry")
local system = require("system")
local time = require("time")

local LAST_ORDER = 999
local SERVICE_LOOKS = 20
local LOOK_EVERY = "500ms"
local WORDS = {success = "SUCCESS", skipped = "SKIPPED", error = "FAILED"}

--- How a bootloader ended; `duration` in milliseconds.
type Outcome = {id: string, order: number, status: string, message: string, duration: integer}
--- How a sequence ended; `total` counts those that were found, whether they ran or not.
type Stats = {
  total: integer,
  success: integer,
  failed: integer,
  skipped: integer,
  bootloaders: {Outcome}
}

local M = {}

local function order_of(entry: registry.Entry): number
  local order = entry.meta.order
  return type(order) == "number" and order or LAST_ORDER
end

--- All bootloaders, in the order in which they run.
function M.find(): {registry.Entry}
  local found = {}
  for _, entry in ipairs(assert(registry.find({["meta.type"] = "bootloader"}))) do
    if entry.kind:match("^function%.") then found[#found + 1] = entry end
  end
  table.sort(found, function(a: registry.Entry, b: registry.Entry): boolean
    local first, second = order_of(a), order_of(b)
    if first ~= second then return first < second end
    return a.id < b.id
  end)
  return found
end

--- Waits for a service to run. What nobody has to start, such as a database, is there if it is an entry. Returns what is missing.
local function missing(id: string): string?
  local entry = registry.get(id)
  if entry == nil then return "there is no " .. id end
  for look = 1, SERVICE_LOOKS do
    local state = system.supervisor.state(id)
    if state == nil or state.status == "running" then return nil end
    if state.desired ~= "running" and not entry.kind:match("%.service$") then return nil end
    if look < SERVICE_LOOKS then assert(time.after(LOOK_EVERY)):receive() end
  end
  return "the service " .. id .. " does not run"
end

--- What `entry` requires and is not there; `ended` holds how those before it ended.
local function unmet(
  entry: registry.Entry,
  known: {[string]: boolean},
  ended: {[string]: string}
): string?
  local required = entry.meta.requires
  if type(required) == "string" then required = {required} end
  if type(required) ~= "table" then return nil end
  for _, id in ipairs(required) do
    -- A requirement of a module that was not filled in leaves an empty text.
    if id ~= "" then
      id = tostring(id)
      if not id:find(":", 1, true) then id = entry.id:match("^[^:]*") .. ":" .. id end
      local why
      if not known[id] then
        why = missing(id)
      elseif ended[id] == nil then
        why = "the bootloader " .. id .. " runs later: give it a lower meta.order"
      end
      if why ~= nil then return why end
    end
  end
  return nil
end

local function text_of(value: any): string
  if value == nil then return "" end
  return tostring(value)
end

--- Runs one; returns its status and message.
local function run_one(entry: registry.Entry): (string, string)
  local result, err = funcs.call(entry.id)
  if err ~= nil then return "error", text_of(err) end
  local status = type(result) == "table" and result.status or nil
  if WORDS[status] == nil then
    return "error", "it returned no table with a status of success, skipped or error"
  end
  return status, text_of(result.message)
end

local function tell(outcome: Outcome)
  local fields = {order = outcome.order, duration = outcome.duration, message = outcome.message}
  local line = WORDS[outcome.status] .. " " .. outcome.id
  if outcome.status == "error" then logger:error(line, fields) else logger:info(line, fields) end
end

--- Runs all bootloaders. With an error in the second place the sequence ended before its end.
function M.run(): (Stats, string?)
  local found = M.find()
  local known: {[string]: boolean} = {}
  for _, entry in ipairs(found) do known[entry.id] = true end
  local ended: {[string]: string} = {}
  local stats: Stats = {total = #found, success = 0, failed = 0, skipped = 0, bootloaders = {}}
  for _, entry in ipairs(found) do
    local began = time.now()
    local status, message = "error", unmet(entry, known, ended)
    if message == nil then status, message = run_one(entry) end
    local outcome = {
      id = entry.id,
      order = order_of(entry),
      status = status,
      message = text_of(message),
      duration = time.now():sub(began):milliseconds()
    }
    tell(outcome)
    stats.bootloaders[#stats.bootloaders + 1] = outcome
    ended[entry.id] = status
    if status == "error" then
      stats.failed = stats.failed + 1
      return stats, "bootloader " .. entry.id .. " failed: " .. outcome.message
    end
    if status == "success" then
      stats.success = stats.success + 1
    else
      stats.skipped = stats.skipped + 1
    end
  end
  return stats, nil
end

return M
