--- The Model Context Protocol over HTTP: one endpoint that takes messages, and tells what changes in a session.
---
--- MS1. Whoever asks shows a token as a bearer; a session belongs to the token that began it.
--- MS2. A change of tools is told once: in the answer of the call that made it where the client takes event streams, else on the
---      stream of the session. A session has one stream; another ends the one before.
--- MS3. A page of another site is refused, whatever it shows: a browser tells where a request comes from.

local events = require("events")
local http = require("http")
local json = require("json")
local registry = require("registry")
local time = require("time")

local NAME = "wippy-keeper"
local ROUTER = "keeper.mcp:router"
--- The newest first.
local PROTOCOLS = {"2025-11-25", "2025-06-18", "2025-03-26"}
local SESSION_HEADER = "Mcp-Session-Id"
local PROTOCOL_HEADER = "MCP-Protocol-Version"
local STREAM = "text/event-stream"
local ALIVE_EVERY = "15s"
local BODY_MAX = 16 * 1024 * 1024
local CHANGED = '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}'
--- Errors of JSON-RPC.
local PARSE_ERROR, INVALID_REQUEST, NO_METHOD, INVALID_PARAMS, INTERNAL = -32700, -32600, -32601,
  -32602, -32603
local INSTRUCTIONS = "This is a running Wippy application. list_traits tells which sets of tools there are; use_trait makes one "
  .. "part of the session, then tools/list has its tools, and call_tool calls them where a client does not list anew."

type Exchange = {req: http.Request, res: http.Response}
--- A message that is answered by a result or an error; both are JSON texts.
type Reply = {result: string?, failure: string?, changed: boolean}

local M = {}

local function encode(value: any): string
  return assert(json.encode(value))
end

local function failure(code: integer, message: string): string
  return encode({code = code, message = message})
end

local function message_text(id: any, reply: Reply): string
  local body = reply.failure ~= nil and '"error":' .. reply.failure
    or '"result":' .. (reply.result or "{}")
  return '{"jsonrpc":"2.0","id":' .. (id == nil and "null" or encode(id)) .. "," .. body .. "}"
end

--- A message as an event stream has it.
local function event_text(message: string): string
  return "event: message\ndata: " .. message .. "\n\n"
end

--- Answers a request that is refused as a whole.
local function refuse(exchange: Exchange, status: integer, code: integer, message: string)
  exchange.res:set_status(status)
  exchange.res:set_content_type(http.CONTENT.JSON)
  exchange.res:write(message_text(nil, {failure = failure(code, message), changed = false}))
end

--- The token of a request; nothing once it was refused.
local function token_of(exchange: Exchange): tokens.Token?
  local scheme, text = (exchange.req:header("Authorization") or ""):match("^(%a+)%s+(%S+)%s*$")
  local token, err
  if scheme ~= nil and scheme:lower() == "bearer" then token, err = tokens.verify(text) end
  if token ~= nil then return token end
  if err ~= nil and not errors.is(err, errors.PERMISSION_DENIED) then
    refuse(exchange, http.STATUS.INTERNAL_ERROR, INTERNAL, err:message())
    return nil
  end
  exchange.res:set_header("WWW-Authenticate", 'Bearer realm="keeper"')
  local why = err ~= nil and err:message() or "a token is expected: Authorization: Bearer wkmcp_..."
  refuse(exchange, http.STATUS.UNAUTHORIZED, INVALID_REQUEST, why)
  return nil
end

--- The session that a request names; nothing once it was refused.
local function session_of(exchange: Exchange, token: tokens.Token): sessions.Session?
  local id = exchange.req:header(SESSION_HEADER)
  if id == nil or id == "" then
    refuse(
      exchange,
      http.STATUS.BAD_REQUEST,
      INVALID_REQUEST,
      "the header " .. SESSION_HEADER .. " is missing: initialize begins a session"
    )
    return nil
  end
  local session = sessions.get(id, token.id)
  if session ~= nil then return session end
  refuse(
    exchange,
    http.STATUS.NOT_FOUND,
    INVALID_REQUEST,
    "the session is over: initialize begins another"
  )
  return nil
end

local function is_protocol(version: any): boolean
  for _, each in ipairs(PROTOCOLS) do
    if each == version then return true end
  end
  return false
end

--- Begins a session.
local function initialize(exchange: Exchange, token: tokens.Token, params: any): Reply
  local client = type(params.clientInfo) == "table" and tostring(params.clientInfo.name)
    or "unknown"
  local protocol = is_protocol(params.protocolVersion) and params.protocolVersion or PROTOCOLS[1]
  local session, err = sessions.start(token.id, protocol, client)
  if session == nil then
    local why = err ~= nil and err:message() or "no session"
    return {failure = failure(INTERNAL, why), changed = false}
  end
  exchange.res:set_header(SESSION_HEADER, session.id)
  return {
    result = encode({
      protocolVersion = protocol,
      capabilities = {tools = {listChanged = true}},
      serverInfo = {name = NAME, title = "Wippy Keeper", version = "0.3.0"},
      instructions = INSTRUCTIONS,
    }),
    changed = false,
  }
end

--- What a tool gave, as a client gets it.
local function content_of(outcome: meta_tools.Outcome): string
  local err = outcome.err
  if err ~= nil then
    local details = err:details()
    local more = type(details) == "table" and next(details) ~= nil and json.encode(details) or nil
    local text = err:kind() .. ": " .. err:message() .. (more ~= nil and " " .. more or "")
    return encode({content = {{type = "text", text = text}}, isError = true})
  end
  local value = outcome.value
  if type(value) == "string" then
    return encode({content = {{type = "text", text = value}}, isError = false})
  end
  local text = encode(value)
  local body = '{"content":[' .. encode({type = "text", text = text}) .. '],"isError":false'
  if text:sub(1, 1) == "{" then body = body .. ',"structuredContent":' .. text end
  return body .. "}"
end

local function client_of(token: tokens.Token, session: sessions.Session): (
  meta_tools.Client?,
  string?
)
  local traits, err = surface.traits(token.scopes)
  if traits == nil then
    return nil, failure(INTERNAL, err ~= nil and err:message() or "no traits")
  end
  return {token = token, session = session, traits = traits}
end

local function list_tools(client: meta_tools.Client): Reply
  return {result = encode({tools = meta_tools.list(client)}), changed = false}
end

local function call_tool(client: meta_tools.Client, params: any): Reply
  local name, arguments = params.name, params.arguments
  if type(name) ~= "string" then
    return {
      failure = failure(INVALID_PARAMS, "params.name: the name of a tool is expected"),
      changed = false
    }
  end
  if arguments == nil then arguments = json.decode("{}") end
  if type(arguments) ~= "table" then
    return {
      failure = failure(INVALID_PARAMS, "params.arguments: an object is expected"),
      changed = false
    }
  end
  local outcome = meta_tools.call(client, name, arguments)
  if outcome == nil then
    return {failure = failure(INVALID_PARAMS, "Unknown tool: " .. name), changed = false}
  end
  local is_written, text = pcall(content_of, outcome)
  if not is_written then
    local why = errors.new({
      kind = errors.INVALID,
      message = name .. " gave what JSON can't say: " .. tostring(text)
    })
    text = content_of({value = nil, err = why, changed = false})
  end
  return {result = text, changed = outcome.changed}
end

--- Answers one request of a session.
local function answer(client: meta_tools.Client, method: string, params: any): Reply
  if method == "tools/list" then return list_tools(client) end
  if method == "tools/call" then return call_tool(client, params) end
  return {failure = failure(NO_METHOD, "Method not found: " .. method), changed = false}
end

--- Sends what was answered; with what else there is to tell, when the client takes a stream.
local function send(exchange: Exchange, id: any, reply: Reply)
  local res = exchange.res
  if reply.changed and (exchange.req:header("Accept") or ""):find(STREAM, 1, true) then
    res:set_transfer(http.TRANSFER.SSE)
    res:write(event_text(CHANGED))
    res:write(event_text(message_text(id, reply)))
    return
  end
  res:set_content_type(http.CONTENT.JSON)
  res:write(message_text(id, reply))
  if reply.changed then sessions.tell_changed(exchange.req:header(SESSION_HEADER) or "") end
end

--- What is wrong with a message, if anything.
local function fault_of(message: any): string?
  if type(message) ~= "table" then return "a JSON-RPC message is expected" end
  if message[1] ~= nil then return "one message at a time: this protocol has no batches" end
  if message.jsonrpc ~= "2.0" then return 'jsonrpc: "2.0" is expected' end
  if message.method == nil and (message.result ~= nil or message.error ~= nil) then return nil end
  if type(message.method) ~= "string" then return "method: a text is expected" end
  if message.params ~= nil and type(message.params) ~= "table" then
    return "params: an object is expected"
  end
  return nil
end

local function post(exchange: Exchange, token: tokens.Token)
  local message, err = exchange.req:body_json()
  if err ~= nil then
    return refuse(exchange, http.STATUS.BAD_REQUEST, PARSE_ERROR, err:message())
  end
  local fault = fault_of(message)
  if fault ~= nil then return refuse(exchange, http.STATUS.BAD_REQUEST, INVALID_REQUEST, fault) end
  local params = message.params or {}
  if message.method == "initialize" and message.id ~= nil then
    return send(exchange, message.id, initialize(exchange, token, params))
  end
  local session = session_of(exchange, token)
  if session == nil then return end
  if message.id == nil or message.method == nil then
    exchange.res:set_status(http.STATUS.ACCEPTED)
    exchange.res:write("")
    return
  end
  if message.method == "ping" then
    return send(exchange, message.id, {result = "{}", changed = false})
  end
  local client, broken = client_of(token, session)
  local reply: Reply = client ~= nil and answer(client, message.method, params)
    or {failure = broken, changed = false}
  send(exchange, message.id, reply)
end

--- A stream of what changes in a session, until the client, the session, the token or the server goes.
local function stream(exchange: Exchange, token: tokens.Token)
  local res = exchange.res
  if not (exchange.req:header("Accept") or ""):find(STREAM, 1, true) then
    return refuse(
      exchange,
      http.STATUS.NOT_ACCEPTABLE,
      INVALID_REQUEST,
      "Accept: " .. STREAM .. " is expected"
    )
  end
  local session = session_of(exchange, token)
  if session == nil then return end
  sessions.replace_stream(session.id)
  local subscription = assert(events.subscribe(sessions.SYSTEM))
  local ends = assert(events.subscribe("supervisor", "service.stop"))
  local router = registry.get(ROUTER)
  local server = router ~= nil and router.meta.server or nil
  local told, ticks = subscription:channel(), time.ticker(ALIVE_EVERY)
  res:set_transfer(http.TRANSFER.SSE)
  local gone = res:write(": open\n\n") or res:flush()
  while gone == nil do
    local case = channel.select({
      told:case_receive(),
      ends:channel():case_receive(),
      ticks:response():case_receive()
    })
    if not case.ok then break end
    if case.channel == ends:channel() then
      if case.value.path == server then break end
    elseif case.channel ~= told then
      if not tokens.is_good(token.id) or not sessions.is_alive(session.id) then break end
      gone = res:write(": here\n\n") or res:flush()
    elseif case.value.path == session.id then
      if case.value.kind ~= sessions.CHANGED then break end
      gone = res:write(event_text(CHANGED)) or res:flush()
    end
  end
  ticks:stop()
  ends:close()
  subscription:close()
end

local function delete(exchange: Exchange, token: tokens.Token)
  local session = session_of(exchange, token)
  if session == nil then return end
  local err = sessions.stop(session.id)
  if err ~= nil then
    return refuse(exchange, http.STATUS.INTERNAL_ERROR, INTERNAL, err:message())
  end
  exchange.res:set_status(http.STATUS.NO_CONTENT)
  exchange.res:write("")
end

--- Answers what is sent to the endpoint.
function M.handle()
  local exchange: Exchange = {
    req = assert(http.request({max_body = BODY_MAX})),
    res = assert(http.response())
  }
  local req = exchange.req
  if not settings.is_mcp_enabled() then
    return refuse(
      exchange,
      http.STATUS.NOT_FOUND,
      INVALID_REQUEST,
      "MCP is off: MCP_ENABLED says so"
    )
  end
  if origins.is_foreign(req) then
    return refuse(exchange, http.STATUS.FORBIDDEN, INVALID_REQUEST, "not for pages of other sites")
  end
  local token = token_of(exchange)
  if token == nil then return end
  local version = req:header(PROTOCOL_HEADER)
  if version ~= nil and version ~= "" and not is_protocol(version) then
    return refuse(
      exchange,
      http.STATUS.BAD_REQUEST,
      INVALID_REQUEST,
      PROTOCOL_HEADER .. ": " .. version .. " is none of " .. table.concat(PROTOCOLS, ", ")
    )
  end
  local method = req:method()
  if method == http.METHOD.POST then return post(exchange, token) end
  if method == http.METHOD.GET then return stream(exchange, token) end
  delete(exchange, token)
end

return M
