--- Where a region of Amazon's cloud is reached, and how requests to it are signed (AWS Signature Version 4).

local hash = require("hash")
local time = require("time")

local REGION = "us-east-1"
local SERVICE = "bedrock"
local TIMEOUT_SECONDS = 600
local ALGORITHM = "AWS4-HMAC-SHA256"

type Keys = {id: string, secret: string, session: string?, region: string}

local M = {}

local function hmac(key: string, text: string): string
  return assert(hash.hmac_sha256(text, key, true))
end

--- The headers that sign a request. The path is escaped once more than it is sent.
local function signature_of(keys: Keys, method: string, url: string, body: string): {
  [string]: string
}
  local host, path = url:match("^https?://([^/]+)(/.*)$")
  local now = time.now():utc()
  local stamp, day = now:format("20060102T150405Z"), now:format("20060102")
  local scope = day .. "/" .. keys.region .. "/" .. SERVICE .. "/aws4_request"
  local signed = {{"host", host}, {"x-amz-date", stamp}}
  if keys.session ~= nil then signed[#signed + 1] = {"x-amz-security-token", keys.session} end
  local lines, names = {}, {}
  for i, pair in ipairs(signed) do
    lines[i] = pair[1] .. ":" .. pair[2] .. "\n"
    names[i] = pair[1]
  end
  local signed_names = table.concat(names, ";")
  local canonical_path = path:gsub("[^/]+", shapes.escaped)
  local canonical = table.concat({
    method,
    canonical_path,
    "",
    table.concat(lines),
    signed_names,
    assert(hash.sha256(body)),
  }, "\n")
  local text = table.concat({ALGORITHM, stamp, scope, assert(hash.sha256(canonical))}, "\n")
  local key = hmac(
    hmac(hmac(hmac("AWS4" .. keys.secret, day), keys.region), SERVICE),
    "aws4_request"
  )
  local headers: any = {
    ["X-Amz-Date"] = stamp,
    ["Authorization"] = ALGORITHM .. " Credential=" .. keys.id .. "/" .. scope .. ", SignedHeaders="
      .. signed_names .. ", Signature=" .. assert(hash.hmac_sha256(text, key)),
  }
  if keys.session ~= nil then headers["X-Amz-Security-Token"] = keys.session end
  return headers
end

--- Where requests go: with a key of Bedrock as it is, else signed with keys of the account.
function M.endpoint(): any
  local region = tostring(settings.lookup("region", "AWS_REGION", REGION))
  local endpoint: any = {
    base_url = settings.address(
      "base_url",
      "BEDROCK_BASE_URL",
      "https://bedrock-runtime." .. region .. ".amazonaws.com"
    ),
    headers = {},
    timeout = settings.seconds("timeout", "BEDROCK_TIMEOUT", TIMEOUT_SECONDS),
  }
  local key = settings.lookup("api_key", "AWS_BEARER_TOKEN_BEDROCK", nil)
  local id = settings.lookup("access_key_id", "AWS_ACCESS_KEY_ID", nil)
  local secret = settings.lookup("secret_access_key", "AWS_SECRET_ACCESS_KEY", nil)
  if key ~= nil then
    endpoint.headers["Authorization"] = "Bearer " .. tostring(key)
  elseif id ~= nil and secret ~= nil then
    local session = settings.lookup("session_token", "AWS_SESSION_TOKEN", nil)
    local keys = {
      id = tostring(id),
      secret = tostring(secret),
      session = session ~= nil and tostring(session) or nil,
      region = region,
    }
    endpoint.sign = function(method: string, url: string, body: string): {[string]: string}
      return signature_of(keys, method, url, body)
    end
  end
  return endpoint
end

return M
