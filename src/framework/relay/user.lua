--- The hub of one user: knows its clients, and passes their commands on to plugins.
---
--- It acts for its user: it needs the rights to send, to spawn and to watch in the scope that the application names.
---
--- US1. What a client sends is answered: by a plugin, or by an error that says why not.
--- US2. Commands that wait are bounded; what comes beyond is refused. Joins and leaves never are.

local json = require("json")
local logger = require("logger")
local pg = require("pg")

local END_LIMIT = "5s"
--- The plugin that is told when the first client comes and the last one goes.
local LIFE_PREFIX = "session_"

--- What a hub is started with.
type Start = {
  user_id: string,
  user_metadata: any,
  central_pid: string,
  plugins: {any},
  queue_max: integer
}

local clients: {[string]: boolean} = {}
local client_count = 0
--- Groups that clients asked for: scope, then group, then client.
local groups: {[string]: {[string]: {[string]: boolean}}} = {}

local function fail(client_pid: string, code: string, message: string, request_id: any)
  process.send(client_pid, "error", {error = code, message = message, request_id = request_id})
end

--- Takes a client out of a group; the hub leaves with the last one.
local function leave_group(client_pid: string, scope: string, group: string)
  local members = groups[scope] ~= nil and groups[scope][group] or nil
  if members == nil or not members[client_pid] then return end
  members[client_pid] = nil
  if next(members) ~= nil then return end
  groups[scope][group] = nil
  local instance = pg.open(scope)
  if instance ~= nil then
    instance:leave(group)
    instance:release()
  end
end

local function subscribe(client_pid: string, scope: string, group: string): error?
  groups[scope] = groups[scope] or {}
  local members = groups[scope][group]
  if members == nil then
    local instance, err = pg.open(scope)
    if err ~= nil then return err end
    local _, refused = instance:join(group)
    instance:release()
    if refused ~= nil then return refused end
    members = {}
    groups[scope][group] = members
  end
  members[client_pid] = true
  return nil
end

--- The commands of the hub itself.
local function own_command(client_pid: string, command: any): boolean
  local is_subscription = command.type == "pg.subscribe"
  if not is_subscription and command.type ~= "pg.unsubscribe" then return false end
  local data = type(command.data) == "table" and command.data or {}
  local scope, group = data.scope, data.group
  if type(scope) ~= "string" or type(group) ~= "string" or group == "" then
    fail(
      client_pid,
      "invalid_group",
      command.type .. " needs a scope and a group",
      command.request_id
    )
    return true
  end
  local err
  if is_subscription then
    err = subscribe(client_pid, scope, group)
  else
    leave_group(client_pid, scope, group)
  end
  if err ~= nil then fail(client_pid, "invalid_group", err:message(), command.request_id) end
  return true
end

local function welcome(client_pid: string, start: Start, own: any)
  local _, err = process.send(client_pid, "welcome", {
    user_id = start.user_id,
    client_count = client_count,
    plugins = own:shown(),
  })
  -- A hub that may not speak to its clients would leave them waiting.
  if err ~= nil and err:kind() == errors.PERMISSION_DENIED then
    error("the scope of users must allow hubs to send to their clients: " .. err:message(), 0)
  end
end

local function report(start: Start)
  process.send(start.central_pid, "hub.activity_update", {
    user_id = start.user_id,
    client_count = client_count
  })
end

local function join(client_pid: string, start: Start, own: any)
  if clients[client_pid] then return end
  clients[client_pid] = true
  client_count = client_count + 1
  welcome(client_pid, start, own)
  if client_count == 1 then own:tell(LIFE_PREFIX, "resume") end
  report(start)
end

local function leave(client_pid: string, start: Start, own: any)
  if not clients[client_pid] then return end
  clients[client_pid] = nil
  client_count = client_count - 1
  for scope, by_group in pairs(groups) do
    local joined = {}
    for group in pairs(by_group) do joined[#joined + 1] = group end
    for _, group in ipairs(joined) do leave_group(client_pid, scope, group) end
  end
  if client_count == 0 then own:tell(LIFE_PREFIX, "shutdown") end
  report(start)
end

--- A message of a client: a command of the hub, or of a plugin.
local function command(client_pid: string, text: any, own: any)
  local decoded, err = json.decode(type(text) == "string" and text or "")
  if err ~= nil then
    return fail(client_pid, "invalid_json", "the message is no JSON: " .. err:message(), nil)
  end
  if type(decoded) ~= "table" or type(decoded.type) ~= "string" or decoded.type == "" then
    return fail(client_pid, "unknown_command", "the message has no type", nil)
  end
  if own_command(client_pid, decoded) then return end
  local plugin = own:find(decoded.type)
  if plugin == nil then
    return fail(
      client_pid,
      "plugin_not_found",
      "no plugin answers " .. decoded.type,
      decoded.request_id
    )
  end
  local topic = decoded.type:sub(#plugin.prefix + 1)
  if topic == "" or topic:sub(1, 1) == "@" then
    return fail(
      client_pid,
      "unknown_command",
      decoded.type .. " names no command",
      decoded.request_id
    )
  end
  local is_sent = own:start(plugin) and process.send(plugin.pid, topic, {
      conn_pid = client_pid,
      type = decoded.type,
      data = decoded.data,
      request_id = decoded.request_id,
      session_id = decoded.session_id,
    })
  if not is_sent then
    fail(
      client_pid,
      "plugin_failed",
      "the plugin for " .. decoded.type .. " does not run",
      decoded.request_id
    )
  end
end

--- Returns true when the hub is to end.
local function take(message: process.Message, start: Start, own: any): boolean
  local topic, from = message:topic(), message:from() or ""
  local wrapped = message:payload()
  local payload
  if wrapped ~= nil then payload = wrapped:data() end
  if topic == "ws.join" then
    join(from, start, own)
  elseif topic == "ws.leave" then
    leave(from, start, own)
  elseif topic == "ws.message" then
    command(from, payload, own)
  elseif topic == "ws.cancel" then
    return true
  elseif not topic:match("^ws%.") then
    for client_pid in pairs(clients) do process.send(client_pid, topic, payload) end
  end
  return false
end

--- Moves messages from the inbox to a queue with bounds.
local function queue_of(inbox: any, queue_max: integer): any
  local queue = channel.new(queue_max)
  coroutine.spawn(function()
    while true do
      local message, ok = inbox:receive()
      if not ok then break end
      if message:topic() ~= "ws.message" then
        queue:send(message)
      elseif channel.select({queue:case_send(message), default = true}).default then
        fail(message:from(), "queue_full", "too many commands wait; send them more slowly", nil)
      end
    end
    queue:close()
  end)
  return queue
end

local function main(start: Start)
  local own = plugins.new(start.plugins, {
    user_id = start.user_id,
    user_metadata = start.user_metadata
  })
  own:start_first()
  local queue, events = queue_of(process.inbox(), start.queue_max), process.events()
  while true do
    local selected = channel.select({queue:case_receive(), events:case_receive()})
    if not selected.ok then break end
    if selected.channel == queue then
      if take(selected.value, start, own) then break end
    elseif selected.value.kind == process.event.CANCEL then
      break
    elseif selected.value.kind == process.event.EXIT then
      own:ended(selected.value)
    end
  end
  logger:debug("user hub ends", {user = start.user_id})
  own:stop(END_LIMIT)
end

return {main = main}
