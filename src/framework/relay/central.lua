--- The central hub: every client joins here first, and is given to the hub of its user.
---
--- CE1. A user has one hub, made for the first client and kept until it was idle for long.
--- CE2. A client counts for its user from the moment it is given to the hub until its connection ends.
--- CE3. Nothing that a client or a hub does ends the central hub.

local logger = require("logger")
local registry = require("registry")
local security = require("security")
local time = require("time")

local NAME = "wippy.central"
local HUB = "wippy.relay:user"
--- How long a hub that was asked to end may take.
local END_LIMIT = "10s"

type Hub = {
  user_id: string,
  pid: string,
  clients: integer,
  idle_since: time.Time
}

local hubs: {[string]: Hub} = {}
local hubs_by_pid: {[string]: Hub} = {}
--- Hubs by the clients that were given to them.
local homes: {[string]: Hub} = {}

--- Tells a client why it is not taken, and closes its connection.
local function refuse(client_pid: string, code: string, message: string)
  process.send(client_pid, "error", {error = code, message = message})
  process.send(client_pid, "ws.close", code)
end

local function default_host_of(entry: registry.Entry, host: string): string
  local own = entry.meta.default_host
  return type(own) == "string" and own ~= "" and own or host
end

--- The plugins of the application; those with longer prefixes first, since they win.
local function find_plugins(host: string): {any}
  local found = {}
  for _, entry in ipairs(assert(registry.find({["meta.type"] = "relay.plugin"}))) do
    local prefix = entry.meta.command_prefix
    if entry.kind:match("^process%.") and type(prefix) == "string" and prefix ~= "" then
      found[#found + 1] = {
        id = entry.id,
        prefix = prefix,
        auto_start = entry.meta.auto_start == true,
        host = default_host_of(entry, host),
        config = entry.data.config or entry.meta.config or {},
      }
    else
      logger:warn("relay plugin without a meta.command_prefix is never started", {id = entry.id})
    end
  end
  table.sort(found, function(a: any, b: any): boolean
    if #a.prefix ~= #b.prefix then return #a.prefix > #b.prefix end
    return a.id < b.id
  end)
  return found
end

local function open_hub(user_id: string, metadata: any, settings: any): (Hub?, error?)
  local scope, err = security.named_scope(settings.scope)
  if err ~= nil then return nil, err end
  local user_metadata = type(metadata.user_metadata) == "table" and metadata.user_metadata or {}
  local actor = security.new_actor(user_id, user_metadata)
  local pid, refused = process.with_context({})
    :with_actor(actor)
    :with_scope(scope)
    :spawn_monitored(HUB, settings.host, {
      user_id = user_id,
      user_metadata = user_metadata,
      central_pid = process.pid(),
      plugins = find_plugins(settings.host),
      queue_max = settings.queue_max,
    })
  if refused ~= nil then return nil, refused end
  local _, taken = process.registry.register("user." .. user_id, pid)
  if taken ~= nil then
    logger:warn("user hub has no name", {user = user_id, error = taken:message()})
  end
  local hub = {
    user_id = user_id,
    pid = pid,
    clients = 0,
    idle_since = time.now()
  }
  hubs[user_id] = hub
  hubs_by_pid[pid] = hub
  return hub
end

local function join(client_pid: string, metadata: any, settings: any)
  local user_id = type(metadata) == "table" and metadata.user_id or nil
  if type(user_id) == "number" then user_id = tostring(user_id) end
  if type(user_id) ~= "string" or user_id == "" then
    return refuse(client_pid, "missing_user_id", "the connection has no user_id in its metadata")
  end
  local hub = hubs[user_id]
  if hub ~= nil and hub.clients >= settings.connections_max then
    return refuse(
      client_pid,
      "max_connections_reached",
      "a user may have " .. settings.connections_max .. " connections"
    )
  end
  if hub == nil then
    local err
    hub, err = open_hub(user_id, metadata, settings)
    if hub == nil then
      logger:error("user hub could not be made", {user = user_id, error = tostring(err)})
      return refuse(client_pid, "hub_creation_failed", "the hub of the user could not be made")
    end
  end
  -- It may be gone by now; then it was never here.
  local _, gone = process.monitor(client_pid)
  if gone ~= nil then return end
  hub.clients = hub.clients + 1
  homes[client_pid] = hub
  process.send(client_pid, "ws.control", {target_pid = hub.pid})
end

--- A client or a hub has ended.
local function ended(event: process.Event)
  local pid = event.from
  local home = homes[pid]
  if home ~= nil then
    homes[pid] = nil
    home.clients = home.clients - 1
    home.idle_since = time.now()
    return
  end
  local hub = hubs_by_pid[pid]
  if hub == nil then return end
  local failure = event.result ~= nil and event.result.error or nil
  if failure ~= nil then
    logger:error("user hub failed", {user = hub.user_id, error = tostring(failure)})
  end
  hubs_by_pid[pid] = nil
  if hubs[hub.user_id] == hub then hubs[hub.user_id] = nil end
end

--- Asks a hub to end, and ends it when it does not.
local function end_hub(hub: Hub)
  -- The next client of the user gets a new one, with its name.
  hubs[hub.user_id] = nil
  process.registry.unregister("user." .. hub.user_id)
  process.cancel(hub.pid, END_LIMIT)
  coroutine.spawn(function()
    assert(time.after(END_LIMIT)):receive()
    if hubs_by_pid[hub.pid] ~= nil then process.terminate(hub.pid) end
  end)
end

local function end_idle(inactivity: number)
  local now = time.now()
  local idle = {}
  for _, hub in pairs(hubs) do
    if hub.clients == 0 and now:sub(hub.idle_since):nanoseconds() >= inactivity then
      idle[#idle + 1] = hub
    end
  end
  for _, hub in ipairs(idle) do end_hub(hub) end
end

local function take(message: process.Message, settings: any)
  local topic, wrapped = message:topic(), message:payload()
  local payload
  if wrapped ~= nil then payload = wrapped:data() end
  if topic == "ws.join" then
    if type(payload) == "table" then
      join(tostring(payload.client_pid or message:from()), payload.metadata, settings)
    end
  elseif topic == "hub.activity_update" then
    local hub = hubs_by_pid[message:from() or ""]
    if hub ~= nil then hub.idle_since = time.now() end
  elseif not topic:match("^ws%.") then
    for _, hub in pairs(hubs) do process.send(hub.pid, topic, payload) end
  end
end

local function main()
  local settings = settings.read()
  local _, unknown = security.named_scope(settings.scope)
  if unknown ~= nil then
    error("the parameter user_security_scope of wippy/relay: " .. unknown:message(), 0)
  end
  assert(process.registry.register(NAME))
  local inbox, events = process.inbox(), process.events()
  local ticker = assert(time.ticker(settings.look_every))
  local looks = ticker:channel()
  while true do
    local selected = channel.select({
      inbox:case_receive(),
      events:case_receive(),
      looks:case_receive()
    })
    if not selected.ok then break end
    if selected.channel == inbox then
      take(selected.value, settings)
    elseif selected.channel == looks then
      end_idle(settings.inactivity)
    elseif selected.value.kind == process.event.CANCEL then
      break
    elseif selected.value.kind == process.event.EXIT then
      ended(selected.value)
    end
  end
  ticker:stop()
  for _, hub in pairs(hubs) do process.cancel(hub.pid, END_LIMIT) end
end

return {main = main}
