--- The plugins of one hub: processes that answer the commands with their prefix.
---
--- PL1. A plugin starts with the hub, or at its first command.
--- PL2. One that crashes is started again, once; after that its commands fail.

local logger = require("logger")

local RESTARTS_MAX = 1

--- A plugin; `status` is `not_started`, `pending`, `running`, `failed` or `stopped`.
type Plugin = {
  id: string,
  prefix: string,
  host: string,
  config: any,
  auto_start: boolean,
  status: string,
  pid: string?,
  crashes: integer
}

local M = {}
M.__index = M

--- The plugins of a hub; `start` is what each is started with, less its `config`.
function M.new(list: {any}, start: any): any
  local all = {}
  for _, each in ipairs(list) do
    all[#all + 1] = {
      id = each.id,
      prefix = each.prefix,
      host = each.host,
      config = each.config,
      auto_start = each.auto_start,
      status = "not_started",
      crashes = 0,
    }
  end
  return setmetatable({all = all, by_pid = {}, start_with = start}, M)
end

--- Starts a plugin that does not run; whether it runs afterwards.
function M:start(plugin: Plugin): boolean
  if plugin.status == "running" then return true end
  if plugin.status == "failed" then return false end
  plugin.status = "pending"
  local pid, err = process.spawn_monitored(plugin.id, plugin.host, {
    user_id = self.start_with.user_id,
    user_metadata = self.start_with.user_metadata,
    user_hub_pid = process.pid(),
    config = plugin.config,
  })
  if err ~= nil then
    plugin.status = "failed"
    logger:error("relay plugin could not be started", {id = plugin.id, error = err:message()})
    return false
  end
  plugin.status, plugin.pid = "running", pid
  self.by_pid[pid] = plugin
  return true
end

--- Starts those that start with the hub.
function M:start_first()
  for _, plugin in ipairs(self.all) do
    if plugin.auto_start then self:start(plugin) end
  end
end

--- A process has ended; nothing happens when it was no plugin.
function M:ended(event: process.Event)
  local plugin = self.by_pid[event.from]
  if plugin == nil then return end
  self.by_pid[event.from] = nil
  plugin.pid = nil
  local failure = event.result ~= nil and event.result.error or nil
  if failure == nil then
    plugin.status = "stopped"
    return
  end
  plugin.crashes = plugin.crashes + 1
  logger:warn("relay plugin crashed", {
    id = plugin.id,
    crashes = plugin.crashes,
    error = tostring(failure)
  })
  plugin.status = "stopped"
  if plugin.crashes > RESTARTS_MAX then plugin.status = "failed" else self:start(plugin) end
end

--- The plugin for a command; of several with a fitting prefix the one with the longest.
function M:find(command: string): Plugin?
  for _, plugin in ipairs(self.all) do
    if command:sub(1, #plugin.prefix) == plugin.prefix then return plugin end
  end
  return nil
end

--- Tells the plugin with that prefix, if it runs.
function M:tell(prefix: string, topic: string)
  for _, plugin in ipairs(self.all) do
    if plugin.prefix == prefix and plugin.pid ~= nil then process.send(plugin.pid, topic) end
  end
end

--- What clients are told of them.
function M:shown(): {any}
  local shown = {}
  for _, plugin in ipairs(self.all) do
    shown[#shown + 1] = {
      prefix = plugin.prefix,
      process_id = plugin.pid or "",
      status = plugin.status
    }
  end
  return shown
end

--- Asks all that run to end.
function M:stop(limit: string)
  for pid in pairs(self.by_pid) do process.cancel(pid, limit) end
end

return M
