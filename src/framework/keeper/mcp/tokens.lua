--- Tokens of programs. Kept is only their SHA-256; whoever makes one sees it once.

local crypto = require("crypto")
local hash = require("hash")
local json = require("json")
local time = require("time")
local uuid = require("uuid")

--- A token as it is known. Times are milliseconds since the Unix epoch.
type Token = {
  id: string,
  label: string,
  preset: string?,
  scopes: {string},
  access_mode: string,
  actor_id: string,
  actor_meta: {[string]: any},
  created_at: integer,
  expires_at: integer?,
  last_used_at: integer?,
  revoked_at: integer?
}

local PREFIX = "wkmcp_"
local RANDOM_BYTES = 32
local LABEL_MAX = 100
--- The last use is written down at most this often.
local USE_NOTED_EVERY_MS = 60000

local M = {Token = Token}

local function now_ms(): integer
  return time.now():unix_nano() // 1000000
end

local function invalid(message: string): error
  return errors.new({kind = errors.INVALID, message = message})
end

local function hex(bytes: string): string
  return (bytes:gsub(".", function(byte: string): string return ("%02x"):format(byte:byte()) end))
end

local function whole(value: any): integer?
  return value ~= nil and math.tointeger(tonumber(value)) or nil
end

local function token_of(row: any): Token
  return {
    id = row.id,
    label = row.label,
    preset = row.preset,
    scopes = assert(json.decode(row.scopes)),
    access_mode = row.access_mode,
    actor_id = row.actor_id,
    actor_meta = assert(json.decode(row.actor_meta)),
    created_at = whole(row.created_at) or 0,
    expires_at = whole(row.expires_at),
    last_used_at = whole(row.last_used_at),
    revoked_at = whole(row.revoked_at),
  }
end

local function one_of(value: any, allowed: {string}): boolean
  for _, each in ipairs(allowed) do
    if each == value then return true end
  end
  return false
end

--- What a request for a token asks for: scopes, and how tools may be reached.
local function asked_for(request: any, known: {string}): ({string}?, string?, error?)
  local preset = request.preset ~= nil and scopes.preset(tostring(request.preset)) or nil
  if request.preset ~= nil and preset == nil then
    local names = {}
    for _, each in ipairs(scopes.PRESETS) do names[#names + 1] = each.name end
    return nil, nil,
      invalid("preset: there is no " .. tostring(request.preset) .. ", but " .. table.concat(names, ", "))
  end
  local wanted = request.scopes
  if wanted == nil and preset ~= nil then wanted = preset.scopes end
  if type(wanted) ~= "table" or #wanted == 0 then
    return nil, nil, invalid("a token needs a preset, or scopes, a list with one at least")
  end
  for _, name in ipairs(wanted) do
    if type(name) ~= "string" or not scopes.is_known(name, known) then
      return nil, nil, invalid("scopes: there is no " .. tostring(name))
    end
  end
  local mode = request.access_mode or preset ~= nil and preset.access_mode or "any"
  if not one_of(mode, scopes.ACCESS_MODES) then
    return nil, nil,
      invalid("access_mode: " .. table.concat(scopes.ACCESS_MODES, ", ") .. ", not " .. tostring(mode))
  end
  return wanted, tostring(mode)
end

local function expiry_of(request: any): (integer?, error?)
  if request.expires_in == nil then return nil end
  local duration, err = time.parse_duration(request.expires_in)
  if duration == nil then return nil, invalid("expires_in: " .. err:message()) end
  if duration:milliseconds() <= 0 then
    return nil, invalid("expires_in: must be more than nothing")
  end
  return now_ms() + duration:milliseconds()
end

--- Makes a token for an administrator: `request` has a `label`, a `preset` or `scopes`, and maybe `access_mode` and `expires_in`, a
--- duration. Gives the text of the token, and what is kept of it.
function M.create(actor: security.Actor, request: any, known: {string}): (string?, Token?, error?)
  if type(request) ~= "table" then
    return nil, nil, invalid("a JSON object is expected, with label and preset or scopes")
  end
  local label = request.label
  if type(label) ~= "string" or label == "" or #label > LABEL_MAX then
    return nil, nil, invalid("label: a text of 1 to " .. LABEL_MAX .. " bytes is expected")
  end
  local wanted, mode, refused = asked_for(request, known)
  if wanted == nil then return nil, nil, refused end
  local expires_at, no_time = expiry_of(request)
  if no_time ~= nil then return nil, nil, no_time end
  local text = PREFIX .. hex(assert(crypto.random.bytes(RANDOM_BYTES)))
  local token: Token = {
    id = assert(uuid.v7()),
    label = label,
    preset = request.scopes == nil and request.preset or nil,
    scopes = wanted,
    access_mode = mode or "any",
    actor_id = actor:id(),
    actor_meta = actor:meta(),
    created_at = now_ms(),
    expires_at = expires_at,
  }
  local _,
    err = database.execute(
    "INSERT INTO keeper_tokens (id, hash, label, preset, scopes, access_mode, actor_id, actor_meta, created_at, expires_at) "
      .. "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    {
      token.id,
      assert(hash.sha256(text)),
      token.label,
      database.or_null(token.preset),
      assert(json.encode(token.scopes)),
      token.access_mode,
      token.actor_id,
      next(token.actor_meta) == nil and "{}" or assert(json.encode(token.actor_meta)),
      token.created_at,
      database.or_null(token.expires_at),
    }
  )
  if err ~= nil then return nil, nil, err end
  return text, token
end

--- The token behind a text, while it is good.
function M.verify(text: string): (Token?, error?)
  local unknown = errors.new({
    kind = errors.PERMISSION_DENIED,
    message = "the token is unknown, revoked or expired"
  })
  if #text ~= #PREFIX + 2 * RANDOM_BYTES or text:sub(1, #PREFIX) ~= PREFIX then
    return nil, unknown
  end
  local row, err = database.first("SELECT * FROM keeper_tokens WHERE hash = ?", {
    assert(hash.sha256(text))
  })
  if err ~= nil then return nil, err end
  if row == nil then return nil, unknown end
  local token, now = token_of(row), now_ms()
  if token.revoked_at ~= nil or token.expires_at ~= nil and token.expires_at <= now then
    return nil, unknown
  end
  if token.last_used_at == nil or token.last_used_at + USE_NOTED_EVERY_MS < now then
    local _, failed = database.execute("UPDATE keeper_tokens SET last_used_at = ? WHERE id = ?", {
      now,
      token.id
    })
    if failed ~= nil then return nil, failed end
  end
  return token
end

--- Whether a token is good, by its id.
function M.is_good(id: string): boolean
  local row = database.first("SELECT revoked_at, expires_at FROM keeper_tokens WHERE id = ?", {id})
  if row == nil or row.revoked_at ~= nil then return false end
  local expires_at = whole(row.expires_at)
  return expires_at == nil or expires_at > now_ms()
end

--- All tokens, the newest first.
function M.list(): ({Token}?, error?)
  local rows, err = database.query("SELECT * FROM keeper_tokens ORDER BY created_at DESC, id DESC")
  if rows == nil then return nil, err end
  local found: {Token} = {}
  for _, row in ipairs(rows) do found[#found + 1] = token_of(row) end
  return found
end

--- Ends a token; NOT_FOUND when there is no such token that was not ended before.
function M.revoke(id: string): (boolean?, error?)
  local count,
    err = database.execute(
    "UPDATE keeper_tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
    {now_ms(), id}
  )
  if err ~= nil then return nil, err end
  if count == 1 then return true end
  return nil,
    errors.new({kind = errors.NOT_FOUND, message = "there is no token " .. id .. " to revoke"})
end

return M
