--- Sessions of clients: which traits are active in each. They are in memory, and end an hour after their last use.

local events = require("events")
local store = require("store")
local uuid = require("uuid")

--- A session as it is kept.
type Session = {
  id: string,
  token_id: string,
  protocol: string,
  client: string,
  --- Ids of active traits, in the order they were taken.
  traits: {string}
}

local STORE = "keeper.mcp:sessions"
local IDLE_S = 3600
local ATTEMPTS = 10
--- The event that tells streams of a session of a change; its path is the id.
local SYSTEM = "keeper.mcp"

local M = {
  Session = Session,
  SYSTEM = SYSTEM,
  CHANGED = "tools.changed",
  ENDED = "session.ended",
  REPLACED = "stream.replaced"
}

local function kept(): store.Store
  return assert(store.get(STORE))
end

--- Begins a session of a token.
function M.start(token_id: string, protocol: string, client: string): (Session?, error?)
  local session: Session = {
    id = assert(uuid.v4()),
    token_id = token_id,
    protocol = protocol,
    client = client,
    traits = {},
  }
  local ok, err = kept():set(session.id, session, IDLE_S)
  if not ok then return nil, err end
  return session
end

--- A session of this token, used again.
function M.get(id: string, token_id: string): Session?
  local sessions = kept()
  local session = sessions:get(id)
  if session == nil or session.token_id ~= token_id then return nil end
  local _, err = sessions:put(id, session, {ttl = IDLE_S})
  if err ~= nil then return nil end
  return session
end

--- Whether a session is still there, without using it.
function M.is_alive(id: string): boolean
  return kept():has(id) == true
end

--- Gives a session other traits: `change` gets those that are active and gives those that shall be, whatever others do meanwhile.
function M.change(id: string, change: (traits: {string}) -> {string}): ({string}?, error?)
  local sessions = kept()
  for _ = 1, ATTEMPTS do
    local entry, err = sessions:entry(id)
    if entry == nil then return nil, err end
    local session = entry.value
    session.traits = change(session.traits)
    local written, refused = sessions:put(id, session, {ttl = IDLE_S, if_version = entry.version})
    if written ~= nil then return session.traits end
    if not errors.is(refused, errors.CONFLICT) then return nil, refused end
  end
  return nil, errors.new({
      kind = errors.CONFLICT,
      message = "the session is changed by others all the time",
      retryable = true
    })
end

--- Tells the stream of a session that its tools are others now.
function M.tell_changed(id: string)
  events.send(SYSTEM, M.CHANGED, id)
end

--- Ends the stream that a session had until now, for another takes its place.
function M.replace_stream(id: string)
  events.send(SYSTEM, M.REPLACED, id)
end

--- Ends a session, and its stream.
function M.stop(id: string): error?
  local _, err = kept():delete(id)
  events.send(SYSTEM, M.ENDED, id)
  return err
end

return M
