--- What runs: services, hosts, processes, and what they log.

local store = require("store")
local system = require("system")

local LOGS = "keeper:logs"
local PAGE = 1000
local LOGS_DEFAULT = 50
local LEVELS = {debug = 1, info = 2, warn = 3, error = 4}

local M = {}

--- Services and how they are.
function M.services(): (any, error?)
  local states, err = system.supervisor.states()
  if states == nil then return nil, err end
  table.sort(states, function(a: system.ServiceState, b: system.ServiceState): boolean
    return a.id < b.id
  end)
  return {services = states}
end

--- Hosts and their processes.
function M.processes(args: any): (any, error?)
  local hosts, err = system.hosts.list()
  if hosts == nil then return nil, err end
  local found = {}
  for _, host in ipairs(hosts) do
    if args.host == nil or host.id == args.host then
      local processes, refused = system.hosts.processes(host.id)
      if processes == nil then return nil, refused end
      found[#found + 1] = {
        host = host.id,
        executed = host.executed,
        queue_depth = host.queue_depth,
        processes = processes
      }
    end
  end
  return {hosts = found}
end

--- Memory of the program, and the machine it runs on.
function M.machine(): (any, error?)
  local stats, err = system.memory.stats()
  if stats == nil then return nil, err end
  return {
    memory = stats,
    processors = system.runtime.cpu_count(),
    live = system.runtime.goroutines(),
    node = system.node.id()
  }
end

--- The latest log records, the newest first: of a `level` and above, of a `logger` and those below it, with a `text`.
function M.logs(args: any): (any, error?)
  local kept, err = store.get(LOGS)
  if kept == nil then return nil, err end
  local page, refused = kept:list({limit = PAGE})
  if page == nil then return nil, refused end
  local records = {}
  for _, item in ipairs(page.items) do
    local record = item.value
    local is_loud = (LEVELS[tostring(record.level):lower()] or 0)
      >= (LEVELS[args.level or "debug"] or 1)
    local is_of_logger = args.logger == nil
      or tostring(record.logger):sub(1, #args.logger) == args.logger
    local has_text = args.text == nil
      or tostring(record.message):lower():find(args.text:lower(), 1, true) ~= nil
    if is_loud and is_of_logger and has_text then records[#records + 1] = record end
  end
  table.sort(records, function(a: any, b: any): boolean return a.number > b.number end)
  local found = {}
  for i = 1, math.min(args.limit or LOGS_DEFAULT, #records) do found[i] = records[i] end
  return {records = found}
end

return M
