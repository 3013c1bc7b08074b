--- Where a project of Google's cloud is reached, and the token that opens it: given as it is, or fetched for a service account.
---
--- VA1. A token is kept until shortly before its end, by each worker that has fetched it.

local crypto = require("crypto")
local http_client = require("http_client")
local json = require("json")
local time = require("time")

local LOCATION = "us-central1"
local TIMEOUT_SECONDS = 600
local SCOPE = "https://www.googleapis.com/auth/cloud-platform"
local GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
local TOKEN_SECONDS = 3600
--- How long before its end a token is no longer used.
local SPARE_SECONDS = 60
local TYPE = failures.TYPE

local kept: {[string]: {token: string, ends: integer}} = {}

local M = {}

--- A token for a service account; the second value is the refusal in its place.
local function fetch(account: any): (string?, any)
  local now = time.now():unix()
  local known = kept[account.client_email]
  if known ~= nil and known.ends > now then return known.token end
  local assertion, unsigned = crypto.jwt.encode({
    iss = account.client_email,
    scope = SCOPE,
    aud = account.token_uri,
    iat = now,
    exp = now + TOKEN_SECONDS,
  }, account.private_key, "RS256")
  if assertion == nil then
    return nil,
      failures.refusal(TYPE.AUTHENTICATION, "the key of the account can't sign: " .. unsigned:message(), {})
  end
  local response, err = http_client.post(account.token_uri, {
    form = {grant_type = GRANT, assertion = assertion}
  })
  if response == nil then return nil, failures.refusal(TYPE.NETWORK, err:message(), {}) end
  local answer = json.decode(response.body)
  if type(answer) ~= "table" or type(answer.access_token) ~= "string" then
    return nil,
      failures.refusal(TYPE.AUTHENTICATION, "the account gets no token: " .. response.body, {})
  end
  local lasts = math.floor(tonumber(answer.expires_in) or TOKEN_SECONDS)
  kept[account.client_email] = {token = answer.access_token, ends = now + lasts - SPARE_SECONDS}
  return answer.access_token
end

local function token_of(): (string?, any)
  local given = settings.lookup("access_token", "GOOGLE_ACCESS_TOKEN", nil)
  if given ~= nil then return tostring(given) end
  local credentials = settings.lookup("credentials", "GOOGLE_CREDENTIALS", nil)
  local account = type(credentials) == "string" and json.decode(credentials) or credentials
  if type(account) ~= "table"
    or account.client_email == nil
    or account.private_key == nil
    or account.token_uri == nil then
    return nil,
      failures.refusal(TYPE.AUTHENTICATION, "GOOGLE_CREDENTIALS must hold the JSON of a service account, or GOOGLE_ACCESS_TOKEN a token", {})
  end
  return fetch(account)
end

--- Where requests go; the second value is the refusal in its place.
function M.endpoint(): (any, any)
  local project = settings.lookup("project", "GOOGLE_CLOUD_PROJECT", nil)
  if project == nil then
    return nil,
      failures.refusal(TYPE.INVALID_REQUEST, "GOOGLE_CLOUD_PROJECT must name a project", {})
  end
  local location = tostring(settings.lookup("location", "GOOGLE_CLOUD_LOCATION", LOCATION))
  local token, refusal = token_of()
  if token == nil then return nil, refusal end
  local host = location == "global" and "https://aiplatform.googleapis.com"
    or "https://" .. location .. "-aiplatform.googleapis.com"
  return {
    base_url = settings.address("base_url", "VERTEX_BASE_URL", host) .. "/v1/projects/"
      .. tostring(project) .. "/locations/" .. location .. "/publishers/google",
    headers = {["Authorization"] = "Bearer " .. token},
    timeout = settings.seconds("timeout", "VERTEX_TIMEOUT", TIMEOUT_SECONDS),
  }
end

return M
